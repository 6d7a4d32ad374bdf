"""`python -m tests.training.engine.checks tf2 [PATCH...]`: runs every check of one mode in one process.

A process of its own keeps TensorFlow out of the one that runs the tests, and a mode for itself because TensorFlow 1's
way cannot be left again. Prints one JSON object: the name of each check to "ok" or to its traceback. Patches named
behind the mode are left out: each has a check that then fails.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import tempfile
import traceback
from pathlib import Path

from tests.training.engine.checks.registry import CHECKS
from training.engine import compat

HERE = Path(__file__).parent


def main(mode: str, left_out: list[str]) -> None:
    compat.PATCHES[mode] = tuple(name for name in compat.PATCHES[mode] if name not in left_out)
    compat.apply(mode)
    for file in sorted((HERE / mode).glob("[!_]*.py")):
        importlib.import_module(f"tests.training.engine.checks.{mode}.{file.stem}")
    results = {}
    for name, function in CHECKS.items():
        try:
            function()
            results[name] = "ok"
        except Exception:
            results[name] = traceback.format_exc()
    print(json.dumps(results))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TMPDIR"] = tempfile.tempdir = folder
        main(sys.argv[1], sys.argv[2:])
