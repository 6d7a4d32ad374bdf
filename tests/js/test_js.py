"""Runs the JavaScript unit tests with Node: the machine's own, or the one that the browser driver brings along."""

import shutil
import subprocess
from pathlib import Path

import playwright
import pytest

HERE = Path(__file__).resolve().parent
NODE = shutil.which("node") or str(Path(playwright.__file__).parent / "driver" / "node")


@pytest.mark.parametrize("file", sorted(HERE.glob("*.test.js")), ids=lambda file: file.stem)
def test_javascript(file):
    run = subprocess.run([NODE, "--test", str(file)], capture_output=True, text=True, cwd=HERE.parent.parent)
    assert run.returncode == 0 and "# fail 0" in run.stdout, run.stdout[-3000:] + run.stderr[-1000:]
