"""Every patch is needed: without it, and with all the others in place, the check of its name fails."""

import functools
import json
import os
import subprocess
import sys

import pytest

from training.engine.compat import PATCHES
from training.engine.runner import ROOT

NOWHERE = "http://127.0.0.1:9"  # what one of the patches prevents is a download


@functools.cache
def failures(mode: str) -> dict[str, str | None]:
    environment = {**os.environ, "http_proxy": NOWHERE, "https_proxy": NOWHERE}
    argv = [sys.executable, "-m", "tests.training.engine.checks.ablation", mode]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr[-3000:]
    return dict(json.loads(done.stdout.splitlines()[-1]))


SHARED = set(PATCHES["tf2"]) & set(PATCHES["tf1"])
TF2 = [("tf2", patch) for patch in ("legacy_keras", *PATCHES["tf2"])]
TF1 = [("tf1", patch) for patch in PATCHES["tf1"] if patch not in SHARED]


@pytest.mark.parametrize(("mode", "patch"), TF2 + TF1)
def test_a_patch_is_missed(mode, patch):
    assert failures(mode)[patch], f"the check {patch} passes without its patch"
