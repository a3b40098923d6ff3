//! The same app as a native window: it opens, carries its name, and shows something.

use lianxin_tests::e2e::{Process, built, need, until};
use std::{collections::BTreeMap, path::Path, process::Command};
use tempfile::TempDir;

/// A picture with this many shades shows letters, not a blank page.
const SHADES_MIN: usize = 24;

/// How many shades a picture of the whole screen has.
fn shades(display: &str, file: &Path) -> usize {
    let taken =
        Command::new(need("import")).args(["-display", display, "-window", "root"]).arg(file).status();
    assert!(taken.expect("import").success(), "no picture of {display}");
    let picture = image::open(file).expect("a picture").to_rgb8();
    let mut counted = BTreeMap::new();
    picture.pixels().for_each(|pixel| *counted.entry(pixel.0).or_insert(0_u32) += 1);
    counted.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_native_window_opens_with_its_name_and_is_not_blank() {
    let how = "cargo build -p lianxin-app --no-default-features --features desktop --bin lianxin";
    let program = built("LIANXIN_DESKTOP_BIN", "lianxin", how);
    let dir = TempDir::new().expect("temporary folder");
    let log = dir.path().join("log");
    let mut screen = Command::new(need("Xvfb"));
    screen.args(["-displayfd", "1", "-screen", "0", "800x900x24", "-nolisten", "tcp"]);
    let mut screen = Process::start(&mut screen, &log);
    let display = format!(":{}", screen.word_after(""));
    let mut window = Command::new(program);
    window
        .env("DISPLAY", &display)
        .env("HOME", dir.path())
        .env("XDG_DATA_HOME", dir.path().join("data"))
        .env("GDK_BACKEND", "x11")
        .env("LIBGL_ALWAYS_SOFTWARE", "1")
        .env("WEBKIT_DISABLE_COMPOSITING_MODE", "1");
    let window = Process::start(&mut window, &log);
    let xdotool = need("xdotool");
    until("a window called 连心册", async || {
        let found =
            Command::new(&xdotool).env("DISPLAY", &display).args(["search", "--name", "连心册"]).output();
        (!found.expect("xdotool").stdout.is_empty()).then_some(())
    })
    .await;
    let picture = dir.path().join("window.png");
    until("the window shows letters", async || (shades(&display, &picture) >= SHADES_MIN).then_some(()))
        .await;
    drop(window);
}
