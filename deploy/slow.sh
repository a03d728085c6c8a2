#!/usr/bin/env bash
# slowhttptest's four ways of being slow, 2,000 connections each, against the real server over loopback: the service answers a
# stranger's probe all the while, and each connection is gone by its deadline. SHELDUCK_BIN names the binary.
set -euo pipefail
here=$(dirname "$(realpath "$0")")
binary=$(realpath "${SHELDUCK_BIN:?names the binary to test}")
place=$(mktemp -d)
server=
trap '[ -z "$server" ] || { kill "$server" 2>/dev/null && wait "$server" || true; }; rm -rf "$place"' EXIT
command -v slowhttptest >/dev/null || "$here/debian.sh" "The slow clients" slowhttptest
ulimit -n 8192
cd "$place"

# Nobody's share of the connections is limited, so that the deadlines alone must do it.
(exec env -i SHELDUCK_SERVER__DATA_DIR="$place/data" SHELDUCK_HTTP__LISTEN=127.0.0.1:0 SHELDUCK_ADMIN__LISTEN=127.0.0.1:0 \
  SHELDUCK_HTTP__CONNECTIONS_PER_ADDRESS_MAX=4000 SHELDUCK_LOG__LEVEL=error "$binary" serve --json >ready) &
server=$!
for _ in $(seq 1 300); do
  [ -s ready ] && break
  kill -0 "$server" || { echo "slow: the server ended" >&2; exit 1; }
  sleep 0.2
done
url=$(sed -n 's#.*"url":"\(http://[^"]*\)".*#\1#p' ready)

# One way of being slow: its name, how many connections it gets at once, the seconds by which the server has let all go, and
# slowhttptest's options. Whoever reads slowly learns late that the other end is gone, so it is the server that is asked.
slow() {
  local name=$1 at_once=$2 gone_by=$3 most=0 held=0
  shift 3
  timeout $((gone_by + 60)) slowhttptest -c 2000 -r 500 -l $((gone_by + 5)) -p 3 -g -o "$name" "$@" >"$name.txt" 2>&1 &
  local attack=$!
  for second in $(seq 1 "$gone_by"); do
    sleep 1
    # Connections end while they are counted.
    held=$( (find "/proc/$server/fd" -lname 'socket:*' 2>/dev/null || true) | wc -l)
    most=$((held > most ? held : most))
    if ((second > 5 && most >= at_once && held < 100)); then break; fi
  done
  wait "$attack" || true
  if ! awk -F, 'NR > 1 && $5 == 0 { shut = 1 } END { exit shut || NR < 4 }' "$name.csv"; then
    cat "$name.csv" >&2
    echo "slow: $name: a probe was not answered" >&2
    exit 1
  fi
  if ((most < at_once || held >= 100)); then
    echo "slow: $name: of $most connections $held are left after $gone_by s" >&2
    exit 1
  fi
  echo "slow: $name: $most connections at once, $held after $second s, probes answered"
}

slow heads 1000 30 -H -i 5 -u "$url/health"
slow bodies 1000 45 -B -i 5 -u "$url/api/event" -f text/plain
# Answered whole and at once: a range asks for nothing else here.
slow ranges 0 30 -R -t GET -u "$url/js/script.js"
slow readers 1000 75 -X -u "$url/js/script.js" -k 3 -w 10 -y 20 -n 5 -z 32
