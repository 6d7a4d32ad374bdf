#!/usr/bin/env bash
# The tests run the job back ends on a real Redis, and move the clock of a worker with libfaketime: installs both through
# the system's package manager when they are missing and we are root.
set -euo pipefail

missing() {
  command -v redis-server >/dev/null || printf 'redis-server '
  command -v faketime >/dev/null || printf 'faketime '
}

# Installing must not start a server of its own (policy-rc.d says so to Debian's scripts): the tests start theirs.
install() {
  local policy=/usr/sbin/policy-rc.d made=
  [ -e $policy ] || { printf '#!/bin/sh\nexit 101\n' >$policy && chmod +x $policy && made=1; }
  apt-get update -qq
  # shellcheck disable=SC2046
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(missing) >/dev/null
  local code=$?
  [ -z "$made" ] || rm -f $policy
  return $code
}

[ -n "$(missing)" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  printf 'Installing Redis for the tests…\n' >&2
  install || { sleep 5 && install; } || true # a mirror may fail once
fi
if [ -n "$(missing)" ]; then
  printf 'The tests need Redis (no running server, only its program) and faketime. Install the packages: %s; then run make test again.\n' "$(missing)" >&2
  exit 1
fi
