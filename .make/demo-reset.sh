#!/usr/bin/env bash
# Throws the demo township away, so that the next `make run` makes a new one: demo-reset.sh DATA
source "$(dirname "$0")/common.sh"
data="$1"
[ -e "$data" ] || { say "$data 本来就没有"; exit 0; }
# Only a folder that the server made may go.
compgen -G "$data/*.db" >/dev/null || fail "$data 不像是服务器的数据文件夹，没有删除"
rm -rf -- "$data"
say "已删除 $data；再运行 make run 就是新的演示乡镇"
