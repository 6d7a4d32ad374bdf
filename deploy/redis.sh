#!/usr/bin/env bash
# The tests run the job back ends on a real Redis: installs it through the system's package manager when it is missing and
# we are root.
set -euo pipefail

find_redis() { command -v redis-server || command -v valkey-server; }

# Installing must not start a server of its own (policy-rc.d says so to Debian's scripts): the tests start theirs.
install() {
  local policy=/usr/sbin/policy-rc.d made=
  [ -e $policy ] || { printf '#!/bin/sh\nexit 101\n' >$policy && chmod +x $policy && made=1; }
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends redis-server >/dev/null
  local code=$?
  [ -z "$made" ] || rm -f $policy
  return $code
}

if find_redis >/dev/null; then exit 0; fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  printf 'Installing Redis for the tests…\n' >&2
  install || { sleep 5 && install; } || true # a mirror may fail once
fi
if ! find_redis >/dev/null; then
  printf 'The tests need Redis (no running server, only its program). Install the package "redis-server" and run make test again.\n' >&2
  exit 1
fi
