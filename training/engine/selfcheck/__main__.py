"""`python -m training.engine.selfcheck FOLDER`: one JSON line a finding on standard output; exit code 1 if any failed.

FOLDER is an empty folder where runs are kept; it is used and left for the caller to remove.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

from training.engine.parent import die_with_parent
from training.engine.selfcheck import machine, trial, versions
from training.engine.selfcheck.findings import FAILED, Finding

ROOT = Path(__file__).resolve().parents[3]


def findings(folder: Path) -> Iterator[Finding]:
    """Every finding, as soon as it is known; the trial is left out where the library does not load."""
    yield from versions.check(ROOT)
    yield machine.memory()
    yield machine.disk(folder)
    loaded = trial.imports()
    yield loaded
    if loaded.state == FAILED:
        return
    from training.engine.device import prepare

    yield machine.gpu()
    yield machine.onnx_providers()
    prepare()
    yield from trial.training(folder)


def main(folder: str) -> int:
    die_with_parent(signal.SIGKILL)  # nothing here is worth saving
    # What the libraries print goes to standard error, the findings alone to standard output.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    failed = False
    for finding in findings(Path(folder).resolve()):
        failed = failed or finding.state == FAILED
        print(finding.line(), file=answers, flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
