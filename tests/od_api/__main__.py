"""`python -m tests.od_api [--mode MODE] [--only TEXT] [--jobs N] [--results FILE]`; exit code 1 when red."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from tests.od_api import expected, report
from tests.od_api.inventory import MODES, TestFile, bundled_files, package_root
from tests.od_api.outcome import Outcome

ROOT = Path(__file__).resolve().parents[2]
LIST = Path(__file__).with_name("expected.toml")
MOST_PATIENCE = 5


def main(argv: list[str]) -> int:
    options = parse(argv)
    known = expected.load(options.expected)
    files = [file for file in bundled_files(package_root()) if file.mode in options.mode and wanted(file, options.only)]
    outcomes = []
    for mode in MODES:
        chosen = [file for file in files if file.mode == mode]
        for outcome in run_mode(mode, chosen, options) if chosen else ():
            print(report.line(outcome), flush=True)
            outcomes.append(outcome)
            if options.results:
                options.results.write_text(json.dumps([asdict(item) for item in outcomes], indent=1), encoding="utf-8")
    return conclude(known, outcomes)


def parse(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.od_api", description=__doc__)
    parser.add_argument("--mode", choices=MODES, action="append", help="tf2 or tf1; both when not given")
    parser.add_argument("--only", action="append", metavar="TEXT", help="only files with this in their path")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="files at a time")
    parser.add_argument("--patience", type=float, metavar="X", help="stretch the limits; default: the number of jobs")
    parser.add_argument("--results", type=Path, metavar="FILE", help="write every outcome with its tracebacks as JSON")
    parser.add_argument("--expected", type=Path, default=LIST, metavar="FILE", help="the list of known failures")
    options = parser.parse_args(argv)
    options.mode = options.mode or list(MODES)
    # The limits hold for one file at a time on a quiet machine; more share its processors.
    options.patience = options.patience or min(options.jobs, MOST_PATIENCE)
    return options


def wanted(file: TestFile, only: list[str] | None) -> bool:
    return not only or any(text in file.path for text in only)


def run_mode(mode: str, files: list[TestFile], options: argparse.Namespace) -> Iterator[Outcome]:
    """Runs one mode in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        argv = [sys.executable, "-m", "tests.od_api.mode", mode, folder, str(options.jobs), str(options.patience)]
        environment = {**os.environ, **surroundings(options.jobs), "TMPDIR": folder, "KERAS_HOME": folder}
        with subprocess.Popen(
            argv, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdin is not None and process.stdout is not None
            process.stdin.write("".join(json.dumps(asdict(file)) + "\n" for file in files))
            process.stdin.close()
            done = 0
            for line in process.stdout:
                done += 1
                yield Outcome.from_json(json.loads(line))
        if process.returncode or done < len(files):
            raise SystemExit(f"Mode {mode} ended after {done} of {len(files)} files (exit code {process.returncode}).")


def surroundings(jobs: int) -> dict[str, str]:
    """No GPU, whose memory the children would fight for; no network; for each child its share of the processors."""
    threads = str(max(1, (os.cpu_count() or 1) // jobs))
    nowhere = "http://127.0.0.1:9"
    return {
        "http_proxy": nowhere,
        "https_proxy": nowhere,
        "CUDA_VISIBLE_DEVICES": "-1",
        "TF_NUM_INTRAOP_THREADS": threads,
        "TF_NUM_INTEROP_THREADS": threads,
        "OMP_NUM_THREADS": threads,
    }


def conclude(known: list[expected.Known], outcomes: list[Outcome]) -> int:
    """Prints the totals and the verdict; 1 when anything differs from the list."""
    unexpected, outdated = expected.unexpected(known, outcomes), expected.outdated(known, outcomes)
    print("\n" + report.totals(outcomes))
    print("\nKnown failures by reason:\n" + report.known_failures(known, outcomes))
    if not unexpected and not outdated:
        print("\nNothing differs from expected.toml.")
        return 0
    print("\n" + report.red(unexpected, outdated))
    print(f"\n{len(unexpected)} failures that are not expected, {len(outdated)} expected ones that pass.")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
