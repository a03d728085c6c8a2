#!/usr/bin/env bash
# Other people's scanners against the real server over loopback, by their machine-readable reports: nmap learns no program and no
# version, testssl.sh finds nothing but the throw-away certificate, sqlmap gets into no parameter. The first two are also shown
# something bad, which they must find. SHELDUCK_BIN names the binary.
set -euo pipefail
here=$(dirname "$(realpath "$0")")
binary=$(realpath "${SHELDUCK_BIN:?names the binary to test}")
place=$(mktemp -d)
running=()
trap 'for one in "${running[@]}"; do kill "$one" 2>/dev/null && wait "$one" || true; done; rm -rf "$place"' EXIT

need() { command -v "$1" >/dev/null || "$here/debian.sh" scan "$2"; }
need nmap nmap
need sqlmap sqlmap
need testssl testssl.sh
need openssl openssl

cd "$place"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 200 -subj /CN=stats.test \
  -addext subjectAltName=DNS:stats.test -keyout key.pem -out certificate.pem 2>/dev/null
chmod 600 key.pem

# A server of ours in a folder of its own, with the options given; sets `port`.
serve() {
  local folder=$1
  shift
  mkdir "$folder"
  (cd "$folder" && exec env -i SHELDUCK_SERVER__DATA_DIR="$place/$folder/data" SHELDUCK_HTTP__LISTEN=127.0.0.1:0 \
    SHELDUCK_ADMIN__LISTEN=127.0.0.1:0 SHELDUCK_LOG__LEVEL=error "$@" "$binary" serve --json >ready) &
  running+=($!)
  for _ in $(seq 1 300); do
    [ -s "$folder/ready" ] && break
    kill -0 "${running[-1]}" || { echo "scan: the server ended" >&2; exit 1; }
    sleep 0.2
  done
  port=$(sed -n 's#.*"url":"https\{0,1\}://[^"]*:\([0-9]*\)".*#\1#p' "$folder/ready")
}

# Waits until something listens.
listens() {
  for _ in $(seq 1 100); do
    (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return
    sleep 0.1
  done
  echo "scan: nothing listens on $1" >&2
  exit 1
}

# Whether nmap learns a program or a version from that port.
tells() {
  timeout 300 nmap -Pn -n -sV --version-intensity 9 -p "$1" --script http-server-header,http-trace,http-methods -oX nmap.xml 127.0.0.1 >/dev/null
  grep -q 'state="open"' nmap.xml || { echo "scan: nmap reached nothing" >&2; exit 1; }
  grep -E '<service [^>]*(product|version|extrainfo|ostype)="' nmap.xml || grep -E 'id="http-(server-header|trace)"' nmap.xml
}

# What testssl.sh rates low or worse, but for what the certificate made a moment ago lacks (an authority, a way to revoke), for the
# order of suites, which is the client's because each of ours is good, and for compression of a page that holds no secret.
faults() {
  rm -f testssl.json
  timeout 900 testssl --quiet --color 0 --warnings off --nodns none --ip 127.0.0.1 --jsonfile testssl.json "stats.test:$1" >testssl.txt 2>&1 || true
  python3 - testssl.json <<'PYTHON'
import json, sys
spared = ("cert_chain_of_trust", "cert_revocation", "DNS_CAArecord", "overall_grade", "grade_cap", "cipher_order", "BREACH")
for found in json.load(open(sys.argv[1])):
    if found["severity"] in ("LOW", "MEDIUM", "HIGH", "CRITICAL", "FATAL") and not found["id"].startswith(spared):
        print(found["severity"], found["id"], found["finding"])
PYTHON
}

# Without limits and locks, so that every try is looked at.
open=(SHELDUCK_LIMITS__MODE=shadow SHELDUCK_INSECURE__LOCKOUT_OFF=true SHELDUCK_LIMITS__CATEGORIES__BAD_CREDENTIALS=1000000)
serve plain "${open[@]}"
if tells "$port"; then
  echo "scan: nmap learns what runs here" >&2
  exit 1
fi
python3 -m http.server --bind 127.0.0.1 18765 >/dev/null 2>&1 &
running+=($!)
listens 18765
tells 18765 >/dev/null || { echo "scan: nmap does not learn what does tell" >&2; exit 1; }
echo "scan: nmap learns nothing"

# Each query parameter of routes without a sign-in, the body of an event and that of a sign-in.
try() {
  timeout 300 sqlmap --batch --disable-coloring --flush-session --output-dir "$place/sqlmap" --level 2 --risk 1 --threads 4 --ignore-code '*' \
    --results-file "$place/sqlmap.csv" "$@" >sqlmap.txt 2>&1 || true
  grep -q 'all tested parameters do not appear to be injectable' sqlmap.txt && return
  tail -20 sqlmap.txt >&2
  echo "scan: sqlmap is not sure: $*" >&2
  exit 1
}
try -u "http://127.0.0.1:$port/api/event?d=shop.example&n=pageview&u=http%3A%2F%2Fshop.example%2F" -p d,n,u
try -u "http://127.0.0.1:$port/v1/auth/login" --method POST --headers 'Content-Type: application/json\nSec-Fetch-Site: same-origin' -p username --technique BEU --data '{"username":"ada","password":"four words that are wrong"}'
echo "scan: sqlmap gets in nowhere"

serve tls SHELDUCK_HTTP__TLS__CERTIFICATE="$place/certificate.pem" SHELDUCK_HTTP__TLS__KEY="$place/key.pem" SHELDUCK_LIMITS__MODE=shadow
found=$(faults "$port")
[ -s testssl.json ] || { echo "scan: testssl.sh did not look" >&2; exit 1; }
[ -z "$found" ] || { echo "scan: testssl.sh found: $found" >&2; exit 1; }
openssl s_server -accept 127.0.0.1:18766 -cert certificate.pem -key key.pem -tls1_2 -cipher ECDHE-ECDSA-AES128-SHA -www >/dev/null 2>&1 &
running+=($!)
listens 18766
[ -n "$(faults 18766)" ] || { echo "scan: testssl.sh does not find what is bad" >&2; exit 1; }
echo "scan: testssl.sh finds nothing"
