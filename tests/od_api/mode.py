"""`python -m tests.od_api.mode MODE FOLDER JOBS PATIENCE`: one mode's files, read as JSON lines on standard input.

Imports the heavy modules once; nothing may be computed before the last fork, because TensorFlow's threads do not
survive one. Prints the outcome of each file as one line of JSON.
"""

from __future__ import annotations

import importlib
import json
import signal
import sys
from dataclasses import asdict
from pathlib import Path

from tests.od_api.child import run_file
from tests.od_api.forks import run_all
from tests.od_api.inventory import TestFile
from training.engine import compat

HEAVY = {
    "tf2": ("object_detection.model_lib_v2", "object_detection.exporter_lib_v2"),
    "tf1": ("object_detection.exporter", "object_detection.legacy.trainer"),
}
#: What some tools of the library import and this project leaves out: hidden where it happens to be installed, so that
#: every machine gets the same answer.
LEFT_OUT = ("pandas", "contextlib2", "apache_beam", "cv2", "tensorflow_datasets", "tensorflow_text")


def main(mode: str, folder: str, jobs: str, patience: str) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    files = [TestFile(**json.loads(line)) for line in sys.stdin]
    sys.modules.update(dict.fromkeys(LEFT_OUT))  # type: ignore[arg-type]
    compat.apply(mode)
    for name in HEAVY[mode]:
        importlib.import_module(name)
    for outcome in run_all(files, run_file, Path(folder), int(jobs), float(patience)):
        print(json.dumps(asdict(outcome)), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
