#!/usr/bin/env bash
# The tests run against Postgres too: installs it through the system's package manager when it is missing and we are root.
set -euo pipefail

find_postgres() { command -v initdb || ls /usr/lib/postgresql/*/bin/initdb /usr/pgsql-*/bin/initdb 2>/dev/null | grep .; }

# Installing must not start a server of its own: the tests start theirs.
install() {
  apt-get update -qq
  mkdir -p /etc/postgresql-common
  [ -e /etc/postgresql-common/createcluster.conf ] ||
    printf 'create_main_cluster = false\n' >/etc/postgresql-common/createcluster.conf
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql >/dev/null
}

if find_postgres >/dev/null; then exit 0; fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  printf 'Installing Postgres for the tests…\n' >&2
  install || { sleep 5 && install; } || true # a mirror may fail once
fi
if ! find_postgres >/dev/null; then
  printf 'The tests need Postgres (no running server, only its programs). Install the package "postgresql" and run make test again.\n' >&2
  exit 1
fi
