#!/usr/bin/env bash
# Opens the phone app as a native window.
source "$(dirname "$0")/common.sh"
.make/setup.sh desktop
say "编译桌面窗口"
cargo build --locked --release --package lianxin-app --bin lianxin --no-default-features --features desktop
exec "$target/release/lianxin"
