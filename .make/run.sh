#!/usr/bin/env bash
# Builds everything and starts a demo township: run.sh DATA PORT. What is built already is not built again.
source "$(dirname "$0")/common.sh"
data="$1" port="$2"

.make/setup.sh web
say "编译服务器"
cargo build --locked --release --package lianxin-server
server="$target/release/lianxin-server"
.make/web.sh release
if [ ! -e "$data" ]; then
  say "建演示乡镇：$data"
  # Under another name first: an interrupted start leaves no half township behind.
  rm -rf -- "$data.new"
  mkdir -p "$(dirname "$data")"
  "$server" demo --data "$data.new" | sed "s|$data.new|$data|"
  mv "$data.new" "$data"
  say "登记过旧演示乡镇的浏览器里还留着旧资料，登记不了新的：换一个浏览器或无痕窗口，换个端口（make run PORT=8601）也行，"
  say "或者在浏览器设置里清除这个网址的网站数据（旧演示里写的一起清掉）"
fi
say "启动服务器（停止：Ctrl+C；日志：$data/server.log；从头再来：make demo-reset DATA=$data）"
# With job control the server alone hears Ctrl+C, not make, which would call it a failure. When this script goes, however it
# goes (kill -9 too), the pipe that it alone holds closes, and whoever reads it ends the server: left behind it would keep the port.
set -m
"$server" serve --data "$data" --port "$port" --web "$target/web" --demo --log "$data/server.log" &
pid=$!
exec 9> >(trap '' HUP INT TERM; read -r || kill -TERM "$pid")
ended=0
fg %1 >/dev/null || ended=$?
echo ended >&9
[ "$ended" = 0 ] || fail "服务器没有好好结束，原因见上面"
say "已停下，资料都在 $data；再运行 make run 接着用"
