//! The real thing: the server's own process, Debian's Chromium with a phone's screen, taps and typing.
//!
//! Waits are polls of a condition with a generous limit, never pauses for luck. Whatever fails leaves its evidence
//! in `target/e2e/`. Every process started here ends with the value that stands for it.

mod browser;
mod console;
mod headless;
mod phone;
mod picture;
mod process;
mod server;
mod stranger;

pub use browser::{Browser, Look};
pub use console::Console;
pub use headless::Headless;
pub use phone::Phone;
pub use picture::{pictures_wanted, save_picture};
pub use process::{Process, need};
pub use server::Server;
pub use stranger::Stranger;

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

/// How long a condition may take to come true. Generous: a slow machine must not fail a test.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks at a condition.
const LOOK_AGAIN: Duration = Duration::from_millis(40);

/// The folder that cargo builds into, as the running test's own place tells.
pub fn target_dir() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own path");
    // target/debug/deps/test-hash
    test.ancestors().nth(3).expect("a test lives in target/PROFILE/deps").to_path_buf()
}

/// A program of this workspace that was built before: beside the running test, or where `variable` says.
pub fn built(variable: &str, program: &str, how: &str) -> PathBuf {
    let beside = std::env::current_exe().ok().and_then(|test| Some(test.ancestors().nth(2)?.join(program)));
    let path = std::env::var_os(variable).map(PathBuf::from).or(beside).unwrap_or_default();
    assert!(path.exists(), "没有找到 {program}（{}）：请先运行 {how}", path.display());
    path
}

/// Looks until `look` sees something.
///
/// # Panics
/// After [`PATIENCE`], with `what` in words.
pub async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(begun.elapsed() < PATIENCE, "等了 {} 秒也没有等到：{what}", PATIENCE.as_secs());
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}
