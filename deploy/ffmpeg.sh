#!/usr/bin/env bash
# The tests of videos make theirs with ffmpeg: installs it through the system's package manager when it is missing and we are root.
set -euo pipefail

find_ffmpeg() { command -v ffmpeg && command -v ffprobe; }

install() { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends ffmpeg >/dev/null; }

if find_ffmpeg >/dev/null; then exit 0; fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  printf 'Installing ffmpeg for the tests…\n' >&2
  install || { sleep 5 && install; } || true # a mirror may fail once
fi
if ! find_ffmpeg >/dev/null; then
  printf 'The tests of videos need ffmpeg. Install the package "ffmpeg" and run make test again.\n' >&2
  exit 1
fi
