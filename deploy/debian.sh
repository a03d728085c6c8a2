#!/usr/bin/env bash
# Installs Debian packages where that is allowed, and says what is missing where it is not.
#
#   deploy/debian.sh "The tests of syslog" rsyslog rsyslog-openssl
set -euo pipefail
purpose=$1
shift
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@" >/dev/null
else
  echo "$purpose: $* missing. Install it (Debian: apt-get install $*) and run this again." >&2
  exit 1
fi
