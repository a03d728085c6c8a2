#!/usr/bin/env bash
# Runs every fuzz target for a while (SECONDS_EACH, two minutes unless set); a find ends the run with its input named.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v cargo-fuzz >/dev/null || cargo install --locked cargo-fuzz
for manifest in crates/*/fuzz/Cargo.toml; do
  dir=$(dirname "$manifest")
  for target in "$dir"/fuzz_targets/*.rs; do
    name=$(basename "$target" .rs)
    echo "fuzz: $dir $name"
    # Coverage instrumentation is a compiler option that the stable toolchain only takes when told so.
    (cd "$(dirname "$dir")" && RUSTC_BOOTSTRAP=1 cargo fuzz run --sanitizer none "$name" -- \
      -max_total_time="${SECONDS_EACH:-120}" -max_len=65536 -timeout=10 -rss_limit_mb=4096)
  done
done
