#!/usr/bin/env bash
# Writes the bills of materials (CycloneDX, JSON) into the folder given, or sbom/ beside the build: one of the crates the binary
# is built from, one of the npm packages in the dashboard, one of those the build reads. The first is compared with what cargo
# says is linked, so that it cannot be short.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${CARGO_TARGET_DIR:=${XDG_CACHE_HOME:-$HOME/.cache}/shelduck/target}"
out=$(realpath --canonicalize-missing "${1:-$CARGO_TARGET_DIR/sbom}")
tools=${XDG_CACHE_HOME:-$HOME/.cache}/shelduck/tools
[[ -x $tools/bin/cargo-cyclonedx ]] || cargo install --locked --quiet --root "$tools" cargo-cyclonedx@0.5.9
platform=x86_64-unknown-linux-gnu
mkdir -p "$out"

# The tool writes beside each manifest, so it works on a copy.
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
git ls-files -z | grep -z -v '^docs/' | xargs -0 cp --parents --target-directory "$copy"
(cd "$copy" && "$tools/bin/cargo-cyclonedx" cyclonedx --quiet --format json --spec-version 1.5 --target "$platform" --no-build-deps --override-filename bom)
cp "$copy/crates/shelduck/bom.json" "$out/shelduck.cdx.json"
for folder in ui deps; do
  npm sbom --prefix "$folder" --package-lock-only --omit dev --sbom-format cyclonedx >"$out/$folder.cdx.json"
done

linked=$(cargo tree --locked --package shelduck --edges normal --target "$platform" --prefix none --format '{p}' |
  awk '{ sub(/^v/, "", $2); print $1 "@" $2 }' | sort -u)
listed=$(node -e '
  const { metadata, components } = JSON.parse(require("fs").readFileSync(process.argv[1]));
  for (const { name, version } of [metadata.component, ...components]) console.log(`${name}@${version}`);
' "$out/shelduck.cdx.json" | sort -u)
if ! diff <(echo "$linked") <(echo "$listed"); then
  echo "sbom: cargo and the bill of materials name different crates" >&2
  exit 1
fi
# What a release build says of itself, as an auditor reads it.
binary=$CARGO_TARGET_DIR/release/shelduck
if [[ -x $binary ]]; then
  ./deploy/tools.sh
  cp "$binary" "$copy/shelduck"
  node deploy/auditable.mjs "$copy/shelduck"
  advisories=${SHELDUCK_ADVISORY_DB:-$(ls -d ../shared/advisory-db 2>/dev/null || true)}
  "$tools/bin/cargo-audit" audit ${advisories:+--db "$advisories" --no-fetch --stale} bin "$copy/shelduck" >"$copy/audit.log" 2>&1 ||
    { cat "$copy/audit.log" >&2; exit 1; }
  grep -o "Found 'cargo auditable' data" "$copy/audit.log" >/dev/null || { cat "$copy/audit.log" >&2; exit 1; }
fi
echo "sbom: $(wc -l <<<"$listed") crates; $out"
