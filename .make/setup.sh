#!/usr/bin/env bash
# Installs what is missing, and only that: `setup.sh web|desktop|test|android ...`. A second run does nothing.
source "$(dirname "$0")/common.sh"

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else fail "需要管理员权限来安装软件包：$*（请用 root 运行，或先安装 sudo）"; fi
}

installed() { dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed; }

refreshed=
refresh() { [ -n "$refreshed" ] || { say "更新软件包目录"; as_root apt-get update -qq; refreshed=1; }; }

# Debian packages by name.
packages() {
  command -v apt-get >/dev/null || fail "这个脚本用 apt-get 安装系统软件包；别的系统请自行安装：$*"
  local missing=() name
  for name in "$@"; do installed "$name" || missing+=("$name"); done
  [ ${#missing[@]} = 0 ] && return
  refresh
  say "安装系统软件包：${missing[*]}"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
}

# The newest LLVM that Debian has here, since its packages carry their version in their names.
clang_packages() {
  command -v "$(first_of clang-19 clang-20 clang-18 clang-17 || true)" >/dev/null && return
  refresh
  local version
  for version in 19 20 18 17; do
    if apt-cache show "clang-$version" >/dev/null 2>&1; then packages "clang-$version" "lld-$version" "llvm-$version"; return; fi
  done
  fail "没有找到 clang 17 以上的软件包"
}

rust() {
  command -v cargo >/dev/null || fail "没有 Rust，请先安装（rustup）"
  packages build-essential pkg-config
}

wasm_target() {
  if [ "${LIANXIN_WASM:-}" != debian ] && [ "$(LIANXIN_WASM='' wasm_way)" = rustup ]; then return; fi
  if [ "${LIANXIN_WASM:-}" != debian ] && command -v rustup >/dev/null; then
    say "安装 wasm32 目标（rustup）"
    rustup target add wasm32-unknown-unknown && return
    [ "${LIANXIN_WASM:-}" = rustup ] && fail "rustup 装不上 wasm32 目标"
    say "rustup 装不上，改用 Debian 的编译器"
  fi
  debian_rust
}

# Debian's own Rust for the web, which builds the standard library from source.
debian_rust() { packages rustc-web cargo-web rust-web-src "lld-$(clang_version)"; }

clang_version() { local clang; clang="$(first_of clang-19 clang-20 clang-18 clang-17)"; echo "${clang#clang-}"; }

# A cargo program of a fixed version into target/tools.
cargo_tool() {
  local crate="$1" program="$2" version="$3"
  [ "$("$tools/bin/$program" --version 2>/dev/null | awk 'NR==1{print $2}')" = "$version" ] && return
  say "编译工具 $crate $version（只此一次，要几分钟）"
  local install=(cargo install "$crate" --version "$version" --root "$tools" --force)
  local said="$tools/said.$crate"
  mkdir -p "$tools"
  : > "$said"
  if ! CARGO_TARGET_DIR="$tools/build" "${install[@]}" --locked 2>&1 | until_error "$said"; then
    # A registry that is older than the tool's lock file lacks some version of it; what else it has will do.
    local lacking
    lacking="$(sed -n 's/^error: failed to select a version for the requirement `\([^ ]*\) .*/\1/p' "$said" | head -1)"
    [ -n "$lacking" ] || { cat "$said" >&2; fail "工具 $crate 没有装成，原因见上面"; }
    say "这里的软件源没有 $crate 锁定的那一版 $lacking，改用源里有的版本来编译；只关系到这个编译工具，不影响连心册"
    CARGO_TARGET_DIR="$tools/build" "${install[@]}" || fail "工具 $crate 没有装成，原因见上面"
  fi
  rm -rf "$tools/build" "$said"
}

# Shows lines as they come; from the first error on they go to a file, until it is known whether another way helps.
until_error() { awk -v kept="$1" '/^error/ { held = 1 } held { print > kept; next } { print; fflush() }'; }

web() {
  rust
  clang_packages
  packages brotli
  wasm_target
  cargo_tool wasm-bindgen-cli wasm-bindgen "$(locked_version wasm-bindgen)"
}

desktop() { rust; packages libwebkit2gtk-4.1-dev libxdo-dev fonts-noto-cjk; }

test_tools() {
  packages chromium chromium-driver fonts-noto-cjk xvfb xauth xdotool imagemagick
  cargo nextest --version >/dev/null 2>&1 || cargo_tool cargo-nextest cargo-nextest "$nextest_version"
  cargo_tool cargo-deny cargo-deny "$deny_version"
  tus_client
}

# The npm package tus-js-client, as its lock file says, for the tests of uploads: into target/tools/tus-client.
tus_client() {
  command -v node >/dev/null || packages nodejs
  command -v npm >/dev/null || packages npm
  local folder="$tools/tus-client"
  cmp -s tests/tus-client/package-lock.json "$folder/installed.json" && return
  say "安装 tus-js-client（只供测试）"
  mkdir -p "$folder"
  cp tests/tus-client/package.json tests/tus-client/package-lock.json "$folder/"
  npm ci --prefix "$folder" --no-audit --no-fund --ignore-scripts
  cp tests/tus-client/package-lock.json "$folder/installed.json"
}

android() { rust; clang_packages; debian_rust; packages dpkg; }

nextest_version=0.9.143
deny_version=0.20.2
[ $# -gt 0 ] || fail "用法：setup.sh web|desktop|test|android ..."
for group in "$@"; do
  case "$group" in
    web | desktop | android) "$group" ;;
    test) web; desktop; test_tools ;;
    *) fail "不认识的组：$group" ;;
  esac
done
