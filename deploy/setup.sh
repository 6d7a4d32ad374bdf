#!/usr/bin/env bash
# Makes .venv and installs the pinned requirements into it; does nothing when they are installed already.
# Usage: deploy/setup.sh run|dev
# SW_S3_BUCKET in the environment installs what a bucket needs as well (requirements-s3.txt).
# SW_GPU=1 installs what an NVIDIA GPU needs as well (requirements-gpu.txt) and is remembered; SW_GPU=0 takes it back.
set -euo pipefail
cd "$(dirname "$0")/.."
kind=${1:-run}

say() { printf '%s\n' "$*" >&2; }

find_python() {
  local name
  for name in "${PYTHON:-}" python3.11 python3 python; do
    if [ -n "$name" ] && command -v "$name" >/dev/null &&
      "$name" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
      printf '%s' "$name"
      return
    fi
  done
  say "Python 3.11 was not found. On Debian or Ubuntu: apt-get install python3.11 python3.11-venv, or set PYTHON=/path/to/python3.11."
  exit 1
}

make_venv() {
  local python=$1
  "$python" -m venv .venv 2>/dev/null && return
  rm -rf .venv
  # Debian and Ubuntu ship the venv module's bootstrap as a package of its own.
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    say "Installing python3.11-venv…"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3.11-venv >/dev/null
    "$python" -m venv .venv
  else
    say "Python cannot make virtual environments here. Install the package python3.11-venv and run this again."
    exit 1
  fi
}

gpu=${SW_GPU:-$([ -e .venv/gpu ] && echo 1 || echo 0)}
files=(requirements.txt requirements-nodeps.txt constraints.txt)
[ "$gpu" = 1 ] && files+=(requirements-gpu.txt)
[ -n "${SW_S3_BUCKET:-}" ] && files+=(requirements-s3.txt)
run_files=("${files[@]}")
[ "$kind" = dev ] && files+=(requirements-dev.txt requirements-dev-nodeps.txt)
want=$(cat "${files[@]}" | sha256sum | cut -d' ' -f1)
mark=.venv/installed-$kind
if [ -x .venv/bin/python ] && [ "$(cat "$mark" 2>/dev/null)" = "$want" ]; then
  exit 0
fi

[ -x .venv/bin/python ] || make_venv "$(find_python)"
pip=(.venv/bin/python -m pip --disable-pip-version-check --quiet)
say "Installing the pinned requirements (TensorFlow is large; some minutes the first time)…"
# Both builds of onnxruntime are the same folder: with the two of them installed neither works.
if [ "$gpu" = 1 ]; then
  "${pip[@]}" uninstall -y onnxruntime 2>/dev/null || true
  "${pip[@]}" install -r <(grep -v '^onnxruntime==' requirements.txt) -r requirements-gpu.txt -c constraints.txt
  touch .venv/gpu
else
  "${pip[@]}" uninstall -y onnxruntime-gpu 2>/dev/null || true
  "${pip[@]}" install -r requirements.txt -c constraints.txt
  rm -f .venv/gpu
fi
# These two name far more requirements than what is used of them imports (see requirements-nodeps.txt).
"${pip[@]}" install --no-deps -r requirements-nodeps.txt
[ -n "${SW_S3_BUCKET:-}" ] && "${pip[@]}" install -r requirements-s3.txt -c constraints.txt
if [ "$kind" = dev ]; then
  "${pip[@]}" install -r requirements-dev.txt -c constraints.txt
  "${pip[@]}" install --no-deps -r requirements-dev-nodeps.txt
fi
printf '%s' "$want" >"$mark"
[ "$kind" = dev ] && cat "${run_files[@]}" | sha256sum | cut -d' ' -f1 | tr -d '\n' >.venv/installed-run
exit 0
