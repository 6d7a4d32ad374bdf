"""Sharing a batch among devices changes nothing but the time it takes."""

import json
import subprocess
import sys

import pytest

from training.engine.runner import ROOT

pytestmark = pytest.mark.training


def test_a_step_shared_by_two_devices_is_the_step_of_one():
    argv = [sys.executable, "-m", "tests.training.engine.two_devices"]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    answer = json.loads(done.stdout.splitlines()[-1])
    one, two = answer["one"], answer["two"]
    assert one["step"] == two["step"] == 1
    assert two["losses"] == pytest.approx(one["losses"], rel=1e-4)
    assert len(one["weights"]) == len(two["weights"]) > 100
    for left, right in zip(one["weights"], two["weights"], strict=True):
        assert right == pytest.approx(left, rel=1e-3, abs=1e-4)
