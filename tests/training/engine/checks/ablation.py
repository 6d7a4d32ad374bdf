"""`python -m tests.training.engine.checks.ablation tf2|tf1`: whether every patch is needed and its check sees it.

For each patch of the mode a child applies all the others and runs the check of the patch's name, which has to fail.
TensorFlow is imported once and forked, the Object Detection API in each child anew. Prints one JSON object: the name of
each patch to the last line of the failure, or to null where the check passed without it.
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

KERAS = "legacy_keras"  # no module of its own: what `use_legacy_keras` sets before TensorFlow is imported


def failure_without(mode: str, patch: str) -> str | None:
    """The last line of the traceback of the patch's check when the patch is left out."""
    try:
        if patch == KERAS:
            compat.use_legacy_keras = lambda: os.environ.pop("TF_USE_LEGACY_KERAS", None)  # type: ignore[assignment]
        compat.PATCHES[mode] = tuple(name for name in compat.PATCHES[mode] if name != patch)
        compat.apply(mode)
        importlib.import_module(f"tests.training.engine.checks.{mode}.compat")
        if patch in CHECKS:  # what both modes share may have its check in the other
            CHECKS[patch]()
    except Exception:
        return traceback.format_exc().strip().splitlines()[-1]
    return None


def in_child(mode: str, patch: str, folder: Path) -> str | None:
    """`failure_without` in a forked child."""
    answer = folder / patch
    pid = os.fork()
    if not pid:
        answer.write_text(json.dumps(failure_without(mode, patch)))
        os._exit(0)
    os.waitpid(pid, 0)
    return json.loads(answer.read_text()) if answer.exists() else "the child died"


def main(mode: str, patches: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TMPDIR"] = tempfile.tempdir = folder
        chosen = patches or [*([KERAS] if mode == "tf2" else []), *compat.PATCHES[mode]]
        found = {}
        if KERAS in chosen:  # before TensorFlow is imported here
            found[KERAS] = in_child(mode, KERAS, Path(folder))
            chosen.remove(KERAS)
        compat.use_legacy_keras()
        importlib.import_module("tensorflow")
        found |= {patch: in_child(mode, patch, Path(folder)) for patch in chosen}
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
