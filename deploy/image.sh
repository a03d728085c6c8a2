#!/usr/bin/env bash
# Makes the image: a release build, the libraries it is linked to, and nothing else.
#
#   deploy/image.sh [build]        into the local storage, as localhost/shelduck:VERSION and :latest
#   deploy/image.sh context DIR    only its files, for `docker build --file deploy/Dockerfile DIR`
#   deploy/image.sh check          builds it beside that, and runs what it contains as it is meant to be run
#
# SHELDUCK_BIN is the binary; without it, the release build's.
set -euo pipefail
cd "$(dirname "$0")"
: "${CARGO_TARGET_DIR:=${XDG_CACHE_HOME:-$HOME/.cache}/shelduck/target}"
binary=$(realpath "${SHELDUCK_BIN:-$CARGO_TARGET_DIR/release/shelduck}")
version=$("$binary" --version | cut -d ' ' -f 2)
revision=$(git rev-parse HEAD)
uid=65532
work=$(mktemp -d "${TMPDIR:-/tmp}/image.XXXXXX")
trap 'rm -rf "$work"' EXIT

# The files, each with one owner and one time, so that the same build makes the same image.
context() {
  local root=$1/files
  install -d -m 755 "$root"/{proc,sys,dev,usr/local/bin,etc/ssl/certs} "$1/data"
  install -d -m 700 "$1/data/shelduck"
  install -m 755 "$binary" "$root/usr/local/bin/shelduck"
  local name path
  # `NAME => PATH (ADDRESS)`, and the loader without a name. The engine lies beside the binary, everything else at its own place.
  ldd "$binary" | sed -n 's/^\t\(\S* => \)\?\(\/\S*\) (.*/\2/p' | sort -u | while read -r path; do
    name=$(basename "$path")
    if [ "$name" = libduckdb.so ]; then
      install -m 644 "$path" "$root/usr/local/bin/$name"
    else
      install -D -m 755 "$(realpath "$path")" "$root$path"
    fi
  done
  # Who vouches for servers that are called with TLS.
  install -m 644 /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
  echo "shelduck:x:$uid:$uid::/var/lib/shelduck:/nonexistent" >"$root/etc/passwd"
  echo "shelduck:x:$uid:" >"$root/etc/group"
  echo "hosts: files dns" >"$root/etc/nsswitch.conf"
}

need() { command -v "$1" >/dev/null || ./debian.sh "The image" "$2"; }

# build NAME: the image of that name.
build() {
  need buildah buildah
  context "$work/context"
  buildah --storage-driver vfs build --quiet --isolation chroot --format docker --timestamp "$(git log -1 --format=%ct)" \
    --build-arg "VERSION=$version" --build-arg "REVISION=$revision" --file Dockerfile --tag "$1" "$work/context" >/dev/null
}

case ${1:-build} in
context)
  context "${2:?a folder}"
  ;;
build)
  build "localhost/shelduck:$version"
  buildah --storage-driver vfs tag "localhost/shelduck:$version" localhost/shelduck:latest
  echo "image: localhost/shelduck:$version"
  ;;
check)
  need crun crun
  need curl curl
  build localhost/shelduck:check
  python3 image/check.py "$work"
  ;;
*)
  sed -n '2,8p' "$0" >&2
  exit 2
  ;;
esac
