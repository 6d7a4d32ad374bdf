"""An engine whose parent is killed saves, stops and says so."""

import os
import select
import signal
import subprocess
import sys

import pytest

from tests.training.engine.builders import events, make_run
from training.engine import runner

PARENT = (
    "import sys; from training.engine import runner;print(runner.start(sys.argv[1]).pid, flush=True); sys.stdin.read()"
)


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs Linux")
def test_it_ends_with_its_parent(tmp_path):
    run_dir = make_run(tmp_path)
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(run_dir)], cwd=runner.ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert parent.stdout is not None
    engine = os.pidfd_open(int(parent.stdout.readline()))
    offset, found = 0, []
    while not found:  # until its signal handlers are there
        found, offset = runner.read_events(run_dir / "events.jsonl", offset)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    assert select.select([engine], [], [], 60)[0]
    assert events(run_dir)[-1]["state"] == "cancelled"
