#!/usr/bin/env bash
# Throws the demo township away, so that the next `make run` makes a new one: demo-reset.sh DATA
source "$(dirname "$0")/common.sh"
data="$1"
[ -e "$data" ] || { say "$data 本来就没有"; exit 0; }
# A real township never goes by this way.
[ -e "$data/demo.txt" ] || fail "$data 不像是演示乡镇（里面没有 demo.txt），没有删除"
# Nor one that a server still writes: what phones hand in would be gone with it.
for opened in /proc/[0-9]*/fd/*; do
  case "$(readlink "$opened" 2>/dev/null)" in
    "$(realpath "$data")"/*) fail "$data 还有服务器开着，没有删除：先停下它（Ctrl+C），再来" ;;
  esac
done
rm -rf -- "$data"
say "已删除 $data；再运行 make run 就是新的演示乡镇"
say "登记过旧乡镇的浏览器还留着旧资料，登记不了新的：换一个浏览器或无痕窗口，换个端口（make run PORT=8601）也行，或清除这个网址的网站数据"
