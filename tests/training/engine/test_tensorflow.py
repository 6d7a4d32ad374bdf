"""What needs TensorFlow: the compat patches, records, pipeline.config, restoring. One child process runs all checks."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from training.engine.runner import ROOT

PROGRAM = Path(__file__).with_name("tensorflow_checks.py")


def names() -> list[str]:
    """The functions decorated with @check, read without importing them."""
    functions = [node for node in ast.parse(PROGRAM.read_text()).body if isinstance(node, ast.FunctionDef)]
    return [node.name for node in functions if any(ast.unparse(item) == "check" for item in node.decorator_list)]


@pytest.fixture(scope="module")
def results() -> dict[str, str]:
    argv = [sys.executable, "-m", "tests.training.engine.tensorflow_checks"]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("name", names())
def test_check(results, name):
    assert results[name] == "ok", results[name]
