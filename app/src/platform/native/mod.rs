//! Native systems: the database and its key are files in the app's data folder.

pub mod database;
mod key_file;
pub mod look;
pub mod paths;
pub mod picture;
pub mod storage;
pub mod tls;
