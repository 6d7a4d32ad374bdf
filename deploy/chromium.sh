#!/usr/bin/env bash
# Browser tests need Chromium: installs it through the system's package manager when it is missing and we are root.
set -euo pipefail

find_chromium() { command -v chromium || command -v chromium-browser || command -v google-chrome; }

if find_chromium >/dev/null; then exit 0; fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  printf 'Installing Chromium for the browser tests…\n' >&2
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null ||
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium-browser >/dev/null
fi
if ! find_chromium >/dev/null; then
  printf 'The browser tests need Chromium. Install the package "chromium" (Ubuntu: "chromium-browser") and run make test again.\n' >&2
  exit 1
fi
