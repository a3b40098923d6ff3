//! `lianxin-server`: the township's server.

#![allow(clippy::print_stderr, reason = "a command line speaks on stderr")]

use std::process::ExitCode;

fn main() -> ExitCode {
    match lianxin_server::cli::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("错误：{error:#}");
            ExitCode::FAILURE
        }
    }
}
