#!/usr/bin/env bash
# Another program's view of our TLS: which versions and suites a server with a certificate agrees to. SHELDUCK_BIN names the binary.
set -euo pipefail
binary=$(realpath "${SHELDUCK_BIN:?names the binary to test}")
place=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$place"' EXIT

command -v sslscan >/dev/null || "$(dirname "$0")/debian.sh" tls sslscan

scan() {
  openssl req -x509 -newkey "$@" -nodes -days 60 -subj /CN=localhost \
    -keyout "$place/key.pem" -out "$place/certificate.pem" 2>/dev/null
  rm -rf "$place/data"
  (cd "$place" && exec env -i \
    SHELDUCK_SERVER__DATA_DIR="$place/data" SHELDUCK_HTTP__LISTEN=127.0.0.1:0 SHELDUCK_ADMIN__LISTEN=127.0.0.1:0 \
    SHELDUCK_HTTP__TLS__CERTIFICATE="$place/certificate.pem" SHELDUCK_HTTP__TLS__KEY="$place/key.pem" \
    SHELDUCK_LOG__LEVEL=error "$binary" serve --json >"$place/ready") &
  server=$!
  for _ in $(seq 1 300); do
    [ -s "$place/ready" ] && break
    kill -0 "$server" || { echo "tls: the server ended" >&2; exit 1; }
    sleep 0.2
  done
  local address
  address=$(sed -n 's#.*"url":"https://\([^"]*\)".*#\1#p' "$place/ready")
  sslscan --no-colour --xml="$place/scan.xml" "$address" >"$place/scan.txt"
  kill "$server" && wait "$server" || true
  server=

  # Versions, then suites of TLS 1.2; what is enabled must be in the list, and the list must not be empty.
  if grep -E '<protocol type="(ssl|tls)" version="(2|3|1\.0|1\.1)" enabled="1"' "$place/scan.xml"; then
    echo "tls: an old version is on" >&2
    exit 1
  fi
  grep -q '<protocol type="tls" version="1.2" enabled="1"' "$place/scan.xml"
  grep -q '<protocol type="tls" version="1.3" enabled="1"' "$place/scan.xml"
  local bad
  bad=$(sed -n 's/.*<cipher .*cipher="\([^"]*\)".*/\1/p' "$place/scan.xml" |
    grep -Ev '^(TLS_AES_(128_GCM_SHA256|256_GCM_SHA384)|TLS_CHACHA20_POLY1305_SHA256|ECDHE-(RSA|ECDSA)-(AES(128|256)-GCM-SHA(256|384)|CHACHA20-POLY1305))$' || true)
  if [ -n "$bad" ]; then
    echo "tls: suites that should not be: $bad" >&2
    exit 1
  fi
  if grep -E '<renegotiation supported="1" secure="0"|<compression supported="1"|<heartbleed .*vulnerable="1"' "$place/scan.xml"; then
    echo "tls: renegotiation, compression or worse" >&2
    exit 1
  fi
  grep -c '<cipher ' "$place/scan.xml" | sed "s/^/tls: only good suites, counted: /"
}

scan rsa:2048
scan ec -pkeyopt ec_paramgen_curve:P-256
