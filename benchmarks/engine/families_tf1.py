"""The detectors of 2017 through the engine's own command line, as `benchmarks.engine.families` does for all.

    python -m benchmarks.engine.families_tf1 [NAME ...] [--size 0] [--json FILE]

The same table for the presets of TensorFlow 1's way alone, in the formats they can take, and one more row: the tutorial
author's own ssd_inception_v2_pets.config, imported and trained on photographs of the tutorial's set (left out where
that set is not on the machine; SW_SAMPLE_DATA names the folder that holds it).
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from dataclasses import asdict
from pathlib import Path

from benchmarks.engine import families
from benchmarks.engine.families import ROOT, STEPS, Row
from tests.training.engine.tutorial import CONFIG, make_tutorial_run
from training.engine.architectures.presets import PRESETS, preset

NAMES = [name for name, chosen in PRESETS.items() if chosen.path == "tf1"]
FORMATS = ["frozen_graph", "saved_model", "onnx"]
DATA = Path(os.environ.get("SW_SAMPLE_DATA", ROOT.parent / "shared" / "data")) / "star_wars"
OWN_SIZE = 300


def main() -> None:
    options = parse()
    rows = []
    print("| preset | input | trains | s/step | s in all | MiB | " + " | ".join(FORMATS) + " |")
    print("|" + "---|" * (6 + len(FORMATS)), flush=True)
    for name in options.names:
        with tempfile.TemporaryDirectory() as folder:
            run_dir = Path(folder) / "run"
            if name == CONFIG:
                row = measure_tutorial(run_dir, options.size or OWN_SIZE)
            else:
                row = families.measure(preset(name), run_dir, options.size, FORMATS)
        print(families.markdown(row, FORMATS), flush=True)
        rows.append(asdict(row))
        if options.json:
            options.json.write_text(json.dumps(rows, indent=1))


def parse() -> argparse.Namespace:
    known = [*NAMES, CONFIG] if DATA.exists() else NAMES
    parser = argparse.ArgumentParser(description="Trains and exports the detectors of 2017.")
    parser.add_argument("names", nargs="*", default=known, metavar="NAME", help=", ".join(known))
    parser.add_argument(
        "--size", type=int, default=0, help="input in pixels; 0 for the smallest, the config's own size"
    )
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def measure_tutorial(run_dir: Path, size: int) -> Row:
    settings = {"steps": STEPS, "batch_size": 8, "log_every": 1, "evaluate_every": STEPS, "checkpoint_every": STEPS}
    make_tutorial_run(run_dir, DATA, 24, 4, size, **settings)
    return families.trained(Row(CONFIG, size), run_dir, FORMATS)


if __name__ == "__main__":
    main()
