#!/usr/bin/env bash
# Type-checks the phone app for Android. No NDK is needed, and none is linked: an APK takes `dx` and an Android SDK.
source "$(dirname "$0")/common.sh"
.make/setup.sh android

triple=aarch64-linux-android
clang="$(first_of clang-19 clang-20 clang-18 clang-17)"
headers="$tools/android-headers"
if [ ! -d "$headers/usr" ]; then
  say "取 C 头文件（只用来检查）"
  mkdir -p "$headers.new"
  (cd "$headers.new" && apt-get download libc6-dev-arm64-cross linux-libc-dev-arm64-cross >/dev/null && for deb in *.deb; do dpkg -x "$deb" .; rm "$deb"; done)
  mv "$headers.new" "$headers"
fi

export RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1
export CARGO_TARGET_DIR="$target/android"
export CC_aarch64_linux_android="$clang" AR_aarch64_linux_android="${clang/clang/llvm-ar}"
export CFLAGS_aarch64_linux_android="--target=${triple}24 -D_GNU_SOURCE -isystem $headers/usr/aarch64-linux-gnu/include"
# The archive for Android must not take the place of this machine's own.
export SQLITE3_LIB_DIR="$target/android/sqlite3mc" SQLITE3_INCLUDE_DIR="$target/android/sqlite3mc"
# What `dx` would tell wry about the app that embeds it.
export WRY_ANDROID_PACKAGE=cn.lianxin WRY_ANDROID_LIBRARY=lianxin WRY_ANDROID_KOTLIN_FILES_OUT_DIR="$target/android/kotlin"
mkdir -p "$WRY_ANDROID_KOTLIN_FILES_OUT_DIR"

say "按安卓检查手机端（第一次要连标准库一起检查，慢）"
/usr/bin/cargo check -Zbuild-std --locked --package lianxin-app --bin lianxin --no-default-features --features mobile \
  --target "$triple"
say "安卓类型检查通过"
