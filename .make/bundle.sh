#!/usr/bin/env bash
# Makes the folder that the server hands to browsers: bundle.sh WASM OUT BINDGEN. Called by web.sh.
# There is no wasm-opt here: after LTO at opt-level z it makes the compressed module no smaller.
source "$(dirname "$0")/common.sh"
wasm="$1" out="$2" bindgen="$3"

fresh="$out.new"
rm -rf "$fresh"
mkdir -p "$fresh"
say "生成网页包"
"$bindgen" --target web --no-typescript --remove-name-section --remove-producers-section --out-dir "$fresh" --out-name lianxin "$wasm"
cp -r app/web/. "$fresh/"

# The service worker names and caches every file but itself.
files="$(cd "$fresh" && find . -type f ! -name sw.js | sed 's|^\./|/|' | LC_ALL=C sort)"
version="$(cd "$fresh" && LC_ALL=C find . -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum | cut -c1-16)"
list="$(printf '%s\n' "$files" | sed 's|.*|  "&",|')"
awk -v version="$version" -v list="$list" \
  '{ sub(/__VERSION__/, version) } /__FILES__/ { sub(/__FILES__/, "[\n" list "\n]") } { print }' \
  app/web/sw.js > "$fresh/sw.js"

rm -rf "$out"
mv "$fresh" "$out"
raw=$(stat -c %s "$out/lianxin_bg.wasm")
gzip=$(gzip -9 -c "$out/lianxin_bg.wasm" | wc -c)
all=$(find "$out" -type f -exec gzip -9 -c {} \; | wc -c)
say "$out：版本 $version，wasm $((raw / 1024)) KB（gzip $((gzip / 1024)) KB），全部文件 gzip 共 $((all / 1024)) KB"
