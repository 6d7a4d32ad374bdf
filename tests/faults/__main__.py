"""Days with faults:

    python -m tests.faults [--seeds 1-20] [--variant sqlite ...] [--faults 8] [--json FILE]

A table of faults that struck and what was lost by kind; exit code 1 when anything was.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.faults.story import VARIANTS

ROOT = Path(__file__).resolve().parents[2]
DAY_SECONDS = 900


def template(folder: Path) -> Path:
    """A folder with static files and an SQLite file with its tables: made once instead of once a day."""
    own = {**os.environ, "DATA_DIR": str(folder), "DATABASE_URL": "", "DJANGO_SETTINGS_MODULE": "sw_site.settings"}
    for command in (["migrate"], ["collectstatic", "--no-input"]):
        subprocess.run([sys.executable, "manage.py", *command, "-v0"], cwd=ROOT, env=own, check=True)
    # The journal may hold the newest pages.
    done = "import sqlite3,sys; sqlite3.connect(sys.argv[1]).execute('PRAGMA wal_checkpoint(TRUNCATE)')"
    subprocess.run([sys.executable, "-c", done, str(folder / "db.sqlite3")], check=True)
    return folder


def days(seeds: list[int], variants: list[str], faults: int) -> Iterator[dict[str, Any]]:
    """A report of each day; seeds take the variants in turn."""
    with tempfile.TemporaryDirectory(prefix="sw-site-faults-") as base:
        empty = template(Path(base) / "template")
        for n, seed in enumerate(seeds):
            folder = Path(base, f"{seed}")
            folder.mkdir()
            yield day(seed, variants[n % len(variants)], faults, folder, empty)


def day(seed: int, variant: str, faults: int, folder: Path, empty: Path) -> dict[str, Any]:
    argv = [sys.executable, "-m", "tests.faults.story", str(seed), variant, str(faults), str(folder), str(empty)]
    try:
        done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False, timeout=DAY_SECONDS)
        log = folder / "site.log"
        return {**json.loads(done.stdout.splitlines()[-1]), "log": log.read_text() if log.exists() else ""}
    except (ValueError, IndexError):
        said = done.stderr[-3000:]
    except subprocess.TimeoutExpired as error:
        said = f"the day did not end: {(error.stderr or b'')[-2000:]!r}"
    log = folder / "site.log"
    said += log.read_text()[-2000:] if log.exists() else ""
    return {"seed": seed, "variant": variant, "faults": [], "losses": {"harness": [said]}, "edits": 0, "photos": 0}


def seeds_of(text: str) -> list[int]:
    first, _, last = text.partition("-")
    return list(range(int(first), int(last or first) + 1))


def table(reports: list[dict[str, Any]]) -> str:
    struck = Counter(kind for report in reports for kind in report["faults"])
    lost = Counter(dict.fromkeys(struck, 0))
    for report in reports:
        lost.update({kind: len(what) for kind, what in report["losses"].items()})
    rows = [f"| {kind or 'without a fault'} | {struck[kind]} | {lost[kind]} |" for kind in sorted({*struck, *lost})]
    return "\n".join(["| fault | injected | losses |", "|---|---|---|", *rows])


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults")
    parser.add_argument("--seeds", default="1-4", help="one seed, or FIRST-LAST")
    parser.add_argument("--variant", action="append", choices=VARIANTS)
    parser.add_argument("--faults", type=int, default=8, help="in each day")
    parser.add_argument("--json", type=Path, help="where the reports are added, one a line")
    given = parser.parse_args()
    reports = []
    for report in days(seeds_of(given.seeds), given.variant or list(VARIANTS), given.faults):
        reports.append(report)
        if given.json:
            given.json.with_suffix(f".{report['seed']}.log").write_text(report.pop("log", ""))
            with given.json.open("a") as out:
                out.write(json.dumps(report) + "\n")
        told = f"{report['edits']} edits, {report['photos']} photos, {report.get('resumed', 0)} runs gone on with"
        print(f"seed {report['seed']} {report['variant']}: {len(report['faults'])} faults, {told}", flush=True)
        for kind, what in report["losses"].items():
            print(f"  LOST by {kind or 'nothing'}: " + "\n    ".join(what), flush=True)
    whole = {key: sum(report.get(key, 0) for report in reports) for key in ("edits", "photos", "runs", "resumed")}
    print(f"\n{len(reports)} days, {whole}\n\n{table(reports)}")
    return int(any(report["losses"] for report in reports))


if __name__ == "__main__":
    sys.exit(main())
