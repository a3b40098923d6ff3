#!/usr/bin/env bash
# Opens the phone app as a native window.
source "$(dirname "$0")/common.sh"
.make/setup.sh desktop
say "编译桌面窗口"
cargo build --locked --release --package lianxin-app --bin lianxin --no-default-features --features desktop
say "窗口里要填服务器地址和登记码"
cat <<HINT
    另开一个终端运行 make run，照它打印的填：
      服务器地址  “手机端”那一行，例如 http://127.0.0.1:8600
      登记码      “登记码”那一行的十位数字，只能用一次
    码用过了，再要一个：$target/release/lianxin-server --data ./data/demo enrol 韩冬梅
HINT
exec "$target/release/lianxin"
