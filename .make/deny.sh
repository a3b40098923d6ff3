#!/usr/bin/env bash
# What the dependencies are: licences, sources, bans (deny.toml); known flaws where their database can be reached.
source "$(dirname "$0")/common.sh"
export PATH="$tools/bin:$PATH"

cargo deny --locked check bans licenses sources
if cargo deny fetch db >/dev/null 2>&1; then
  cargo deny --locked check advisories
else
  say "够不到漏洞公告库（RustSec advisory-db），已知漏洞这次没有查"
fi
