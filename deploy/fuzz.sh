#!/usr/bin/env bash
# Runs the fuzz targets for a while each (SECONDS_EACH, two minutes unless set); a find ends the run with its input named.
# With arguments, only those whose crate or own name is among them. What was found interesting is kept for the next run beside
# the build, not in the tree; the tree holds the seeds.
set -euo pipefail
cd "$(dirname "$0")/.."
./deploy/tools.sh
cargo_fuzz=${XDG_CACHE_HOME:-$HOME/.cache}/shelduck/tools/bin/cargo-fuzz
: "${CARGO_TARGET_DIR:=${XDG_CACHE_HOME:-$HOME/.cache}/shelduck/target}"
export CARGO_TARGET_DIR
# Coverage instrumentation is a compiler option that the stable toolchain only takes when told so.
export RUSTC_BOOTSTRAP=1
# The instrumentation's options replace those of .cargo/config.toml, which say where the engine's library is.
library=$PWD/$(sed -n 's/^DUCKDB_LIB_DIR = { value = "\([^"]*\)".*/\1/p' .cargo/config.toml)
export LD_LIBRARY_PATH=$library${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
for manifest in crates/*/fuzz/Cargo.toml; do
  dir=$(dirname "$manifest")
  crate=$(basename "$(dirname "$dir")")
  for target in "$dir"/fuzz_targets/*.rs; do
    name=$(basename "$target" .rs)
    if (($#)) && [[ " $* " != *" $crate "* && " $* " != *" $name "* ]]; then continue; fi
    corpus=$CARGO_TARGET_DIR/corpus/$crate/$name
    mkdir -p "$corpus"
    folders=("$corpus")
    [[ -d $dir/seeds/$name ]] && folders+=("fuzz/seeds/$name")
    echo "fuzz: $crate $name"
    (cd "$(dirname "$dir")" && "$cargo_fuzz" run --sanitizer none "$name" "${folders[@]}" -- \
      -max_total_time="${SECONDS_EACH:-120}" -max_len=65536 -timeout=10 -rss_limit_mb=4096)
  done
done
