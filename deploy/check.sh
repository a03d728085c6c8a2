#!/usr/bin/env bash
# Asks each program whether it takes the configuration that is shipped for it. Missing programs are installed where that is allowed.
set -euo pipefail
cd "$(dirname "$0")"
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

need() { command -v "$1" >/dev/null || ./debian.sh deploy "$2"; }
need nginx nginx-light
need haproxy haproxy
need caddy caddy
need systemd-analyze systemd
need openssl openssl
need promtool prometheus
need docker-compose docker-compose

# nginx reads the certificate it is told of, so it is told of one that is there.
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=stats.example.com \
  -keyout "$place/key.pem" -out "$place/certificate.pem" 2>/dev/null
sed -e "s#/etc/letsencrypt/live/stats.example.com/fullchain.pem#$place/certificate.pem#" \
    -e "s#/etc/letsencrypt/live/stats.example.com/privkey.pem#$place/key.pem#" nginx.conf >"$place/site.conf"
printf 'pid %s/nginx.pid;\nerror_log stderr;\nevents {}\nhttp {\n access_log off;\n include %s/site.conf;\n}\n' \
  "$place" "$place" >"$place/nginx.conf"
nginx -t -q -c "$place/nginx.conf"
echo "nginx: taken"

haproxy -c -q -f haproxy.cfg
echo "haproxy: taken"

caddy validate --adapter caddyfile --config Caddyfile >/dev/null 2>"$place/caddy.log" || { cat "$place/caddy.log" >&2; exit 1; }
echo "Caddy: taken"

promtool check rules --lint-fatal alerts.yml >"$place/rules.log" 2>&1 || { cat "$place/rules.log" >&2; exit 1; }
echo "Prometheus: taken"

docker-compose --file compose.yml config --quiet
echo "compose: taken"

# The unit names a binary that is not on this machine; everything else must be understood.
sed 's#/usr/local/bin/shelduck#/bin/true#' shelduck.service >"$place/shelduck.service"
if systemd-analyze verify --man=no "$place/shelduck.service" 2>"$place/unit.log" && [ ! -s "$place/unit.log" ]; then
  echo "systemd: taken"
else
  cat "$place/unit.log" >&2
  exit 1
fi
systemd-analyze security --offline=yes --threshold=20 --no-pager "$place/shelduck.service" | tail -1
