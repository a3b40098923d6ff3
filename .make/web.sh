#!/usr/bin/env bash
# Builds the phone app for the browser into target/web: `web.sh release` (default) or `web.sh dev`.
source "$(dirname "$0")/common.sh"

mode="${1:-release}"
case "$mode" in
  release) profile=web ;;
  dev) profile=web-dev ;;
  *) fail "用法：web.sh [dev|release]" ;;
esac
out="$target/web"
bindgen="$tools/bin/wasm-bindgen"
[ -x "$bindgen" ] || fail "还没有 wasm-bindgen，请先运行 .make/setup.sh web"

clang="$(first_of clang-19 clang-20 clang-18 clang)" || fail "没有 clang，请先运行 .make/setup.sh web"
export CC_wasm32_unknown_unknown="$clang"
AR_wasm32_unknown_unknown="$(first_of "${clang/clang/llvm-ar}" llvm-ar)" || fail "没有 llvm-ar，请先运行 .make/setup.sh web"
export AR_wasm32_unknown_unknown

cargo=(cargo)
extra=()
# Kept apart from the native target directory and from the other way's.
wasm_target="$target/wasm"
if [ "$(wasm_way)" = debian ]; then
  wasm_target="$target/wasm-debian"
  export RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1
  CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER="$(first_of wasm-ld-19 wasm-ld-20 wasm-ld)" || fail "没有 wasm-ld"
  export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER
  cargo=(/usr/bin/cargo)
  extra=(-Zbuild-std=std,panic_abort)
fi

say "编译手机端（$mode，$(wasm_way)）"
CARGO_TARGET_DIR="$wasm_target" "${cargo[@]}" build "${extra[@]}" --locked --package lianxin-app --bin lianxin \
  --no-default-features --features web --profile "$profile" --target wasm32-unknown-unknown
wasm="$wasm_target/wasm32-unknown-unknown/$profile/lianxin.wasm"

# Everything after the compiler depends on these files alone.
stamp="$({ echo "$mode"; sha256sum "$wasm" "$0" .make/bundle.sh; find app/web -type f -print0 | sort -z | xargs -0 sha256sum; } | sha256sum | cut -c1-16)"
if [ "$(cat "$out/.stamp" 2>/dev/null)" = "$stamp" ]; then
  say "手机端没有变化：$out"
  exit 0
fi
.make/bundle.sh "$wasm" "$out" "$bindgen"
# Nearly all of the first download: packed once and for all, a fifth smaller than gzip makes it at each request.
if [ "$mode" = release ]; then
  say "压缩（brotli，十几秒）"
  brotli --quality=11 --force "$out/lianxin_bg.wasm"
  say "第一次下载：wasm $(($(stat -c %s "$out/lianxin_bg.wasm.br") / 1024)) KB（brotli）"
fi
echo "$stamp" > "$out/.stamp"
