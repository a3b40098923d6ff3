# Shared by the scripts beside it; sourced, never run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

target="${CARGO_TARGET_DIR:-$PWD/target}"
tools="$target/tools"

say() { printf '\033[1m==>\033[0m %s\n' "$*"; }
fail() { printf '错误：%s\n' "$*" >&2; exit 1; }

# The version of a crate in Cargo.lock.
locked_version() { awk -v name="\"$1\"" '$1=="name"&&$3==name{getline; gsub(/"/,"",$3); print $3; exit}' Cargo.lock; }

# The first of the named programs that is installed.
first_of() { local name; for name in "$@"; do if command -v "$name" >/dev/null; then echo "$name"; return; fi; done; return 1; }

# Which way to a wasm32 target: rustup's, or Debian's compiler with the standard library built from source.
wasm_way() {
  if [ -n "${LIANXIN_WASM:-}" ]; then echo "$LIANXIN_WASM"
  elif [ -d "$(rustc --print sysroot 2>/dev/null)/lib/rustlib/wasm32-unknown-unknown" ]; then echo rustup
  else echo debian; fi
}
