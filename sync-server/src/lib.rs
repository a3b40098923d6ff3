//! The server of 连心册: sync, the office console, exports.

pub mod auth;
pub mod clock;
pub mod demo;
pub mod import;
pub mod service;
pub mod storage;
