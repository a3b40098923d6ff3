//! The real thing: the server's own process, Debian's Chromium with a phone's screen, taps and typing.
//!
//! Waits are polls of a condition with a generous limit, never pauses for luck. Whatever fails leaves its evidence
//! in `target/e2e/`. Every process started here ends with the value that stands for it.

mod browser;
mod console;
mod flaws;
mod headless;
mod phone;
mod picture;
mod process;
mod proxy;
mod server;
mod stranger;
pub mod uploads;

pub use browser::{Browser, Look};
pub use console::Console;
pub use headless::Headless;
pub use phone::Phone;
pub use picture::{pictures_wanted, save_picture};
pub use process::{Process, need};
pub use proxy::Proxy;
pub use server::{LIUSHUGOU, OFFICE, SHIQIAO, Server, VISITED_TODAY, secure_client};
pub use stranger::Stranger;

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

/// How long a condition may take to come true. Generous: a slow machine must not fail a test.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks at a condition.
const LOOK_AGAIN: Duration = Duration::from_millis(40);

/// Where cargo put the programs of this build: the running test's own place, or the folder above `deps`.
fn programs_dir() -> PathBuf {
    let own = std::env::current_exe().expect("a test knows its own path");
    let dir = own.parent().expect("a program lies in a folder");
    let dir = if dir.ends_with("deps") { dir.parent().unwrap_or(dir) } else { dir };
    dir.to_path_buf()
}

/// The folder that cargo builds into, as the running test's own place tells.
pub fn target_dir() -> PathBuf {
    programs_dir().parent().expect("programs lie in target/PROFILE").to_path_buf()
}

/// A program of this workspace that was built before: beside the running test, or where `variable` says.
pub fn built(variable: &str, program: &str, how: &str) -> PathBuf {
    let path = std::env::var_os(variable).map_or_else(|| programs_dir().join(program), PathBuf::from);
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
