"""The long run:

    python -m tests.fuzz [--inputs 10000] [--seed 0] [--reader voc ...] [--show 3] [--keep FOLDER]

A table of what became of the inputs, and the first failures of each reader. Exit code 1 when there is one. `--keep`
writes the inputs that failed to a folder.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

import django


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    from tests.fuzz import campaign
    from tests.fuzz.readers import READERS, make_input

    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--inputs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--reader", action="append", choices=READERS)
    parser.add_argument("--show", type=int, default=3, help="kinds of failure printed of each reader")
    parser.add_argument("--keep", type=Path)
    given = parser.parse_args()
    print("| reader | inputs | read | refused | kinds of remark | failed | inputs/s |\n|---|---|---|---|---|---|---|")
    failed = 0
    for name in given.reader or READERS:
        began = time.perf_counter()
        report = campaign.run(name, given.inputs, given.seed)
        rate = report.inputs / (time.perf_counter() - began)
        done, failures = report.outcomes, report.failures
        print(f"| {name} | {report.inputs:,} | {done['read']:,} | {done['refused']:,} | {len(report.codes)} |"
              f" {len(failures)} | {rate:.0f} |", flush=True)  # fmt: skip
        kinds = {what.strip().rpartition("\n")[2][:60]: (number, what) for number, what in reversed(failures)}
        for number, what in list(kinds.values())[: given.show]:
            print(f"\n{name} {given.seed} {number}: {what}\n", file=sys.stderr, flush=True)
        if given.keep and failures:
            given.keep.mkdir(parents=True, exist_ok=True)
            whole = READERS[name].seeds()
            for number, _ in failures:
                (given.keep / f"{name}_{given.seed}_{number}").write_bytes(make_input(name, given.seed, number, whole))
        failed += len(failures)
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main())
