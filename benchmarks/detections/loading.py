"""From a model nobody has asked yet to one that answers, in a process like a web or worker process of the site.

    python -m benchmarks.detections.loading [MODEL_FOLDER] [--rounds 9]

MODEL_FOLDER is an ONNX export (runs/N/exports/onnx); without it the default SSD of 320 pixels is made first. Each round
is a new process that has started Django and its addresses, as the site has before it is asked. `load` is the model from
its files (checked against model.json) to a session, `first` the first answer on a photograph of 990 x 600 after that,
`warm` the twentieth. Seconds, medians of the rounds. Goal: load at most 0.3 s. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.engine.finished_run import ROOT, finished_run
from benchmarks.engine.predictor import photograph

GOAL_SECONDS = 0.3


def child(folder: Path) -> None:
    """Times of this process, as one line of JSON."""
    import django

    django.setup()
    from django.urls import get_resolver

    get_resolver().url_patterns  # noqa: B018 - imports the views, as the first request does
    from training.engine.predictor import get_predictor

    pixels, times = photograph(), {}
    started = time.perf_counter()
    predictor = get_predictor(folder)
    times["load"] = time.perf_counter() - started
    for number in range(20):
        started = time.perf_counter()
        predictor.predict([pixels])
        times["warm" if number else "first"] = time.perf_counter() - started
    print(json.dumps(times))


def measure(folder: Path) -> dict[str, float]:
    argv = [sys.executable, "-m", "benchmarks.detections.loading", str(folder), "--child"]
    with tempfile.TemporaryDirectory() as data:
        own = {"DATA_DIR": data, "DJANGO_SETTINGS_MODULE": "sw_site.settings"}
        done = subprocess.run(argv, cwd=ROOT, env={**os.environ, **own}, check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", type=Path)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(options.model)
        return
    with tempfile.TemporaryDirectory() as made:
        folder = options.model or finished_run(Path(made) / "run", 320) / "exports" / "onnx"
        rounds = [measure(folder.absolute()) for _ in range(options.rounds)]
    reached = {name: round(statistics.median(one[name] for one in rounds), 4) for name in rounds[0]}
    print(json.dumps({"benchmark": "detections_loading", **reached, "met": reached["load"] <= GOAL_SECONDS}))


if __name__ == "__main__":
    main()
