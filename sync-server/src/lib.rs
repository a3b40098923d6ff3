//! The server of 连心册: sync, the office console, exports.

pub mod auth;
pub mod cli;
pub mod clock;
pub mod console;
pub mod demo;
pub mod export;
pub mod files;
pub mod http;
pub mod import;
pub mod service;
pub mod storage;
pub mod tls;
