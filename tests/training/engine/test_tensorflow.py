"""What needs TensorFlow: the compat patches, records, pipeline.config, restoring. One child process for each mode."""

import ast
import functools
import json
import subprocess
import sys
from pathlib import Path

import pytest

from training.engine.runner import ROOT

CHECKS = Path(__file__).with_name("checks")


def names() -> list[tuple[str, str]]:
    """(mode, name) of every function decorated with @check, read without importing them."""
    found = []
    for file in sorted(CHECKS.glob("tf*/*.py")):
        functions = [node for node in ast.parse(file.read_text()).body if isinstance(node, ast.FunctionDef)]
        checks = [node for node in functions if any(ast.unparse(item) == "check" for item in node.decorator_list)]
        found += [(file.parent.name, node.name) for node in checks]
    return found


@functools.cache
def results(mode: str) -> dict[str, str]:
    argv = [sys.executable, "-m", "tests.training.engine.checks", mode]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return dict(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize(("mode", "name"), names())
def test_check(mode, name):
    assert results(mode)[name] == "ok", results(mode)[name]
