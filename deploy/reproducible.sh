#!/usr/bin/env bash
# Builds the committed source twice, in two folders that share only the toolchain and the registry, and compares what comes out.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d "${TMPDIR:-/tmp}/reproducible.XXXXXX")
trap 'rm -rf "$work"' EXIT
unset CARGO_PROFILE_RELEASE_STRIP
export SOURCE_DATE_EPOCH
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
# The place of the source and of the build must not matter; these take the place of the flags in .cargo/config.toml.
flags='-C link-arg=-Wl,-rpath,$ORIGIN:$ORIGIN/..'
for copy in one another-place-with-a-longer-name; do
  source=$work/$copy/shelduck target=$work/$copy/target
  mkdir -p "$source"
  git archive HEAD | tar -x -C "$source"
  RUSTFLAGS="$flags --remap-path-prefix=$source=/shelduck --remap-path-prefix=$target=/target" \
    CARGO_TARGET_DIR=$target make --silent -C "$source" build
  cp "$target/release/shelduck" "$work/$copy.shelduck"
  echo "reproducible: $copy $(sha256sum "$work/$copy.shelduck" | cut -d ' ' -f 1)"
  # One build's files at a time: each has several gigabytes.
  rm -rf "${work:?}/$copy"
done
if ! cmp "$work"/*.shelduck; then
  echo "reproducible: the two binaries differ" >&2
  exit 1
fi
echo "reproducible: both are the same"
