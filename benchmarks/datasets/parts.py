"""What the measurements of this folder share: a site of their own, one process a part, and the processor time of each.

A part is a function `part(corpus) -> figures` of a module. It runs in a fresh process on the data folder of the parts
before it, so that its peak of memory is its own.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.datasets.corpus import write_corpus

Part = Callable[[Path], dict[str, Any]]
MEMORY_MB = 400


def run_parts(module: str, about: str, parts: dict[str, Part], images: int) -> tuple[int, dict[str, Any]] | None:
    """(images, figures by part); None in the process of a part, which prints its own."""
    parser = argparse.ArgumentParser(description=about.splitlines()[0])
    parser.add_argument("--images", type=int, default=images)
    parser.add_argument("--part", choices=list(parts), help=argparse.SUPPRESS)
    parser.add_argument("--corpus", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        import django

        django.setup()
        figures = parts[options.part](options.corpus)
        print(json.dumps({"memory_mb": memory_mb(), **figures}))
        return None
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as folder:
        corpus = Path(folder) / "corpus"
        write_corpus(corpus, options.images)
        return options.images, {part: _in_child(module, part, corpus, Path(folder) / "data") for part in parts}


def _in_child(module: str, part: str, corpus: Path, data: Path) -> dict[str, Any]:
    environment = {**os.environ, "DATA_DIR": str(data), "DJANGO_SETTINGS_MODULE": "sw_site.settings"}
    argv = [sys.executable, "-m", module, "--part", part, "--corpus", str(corpus)]
    run = subprocess.run(argv, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return dict(json.loads(run.stdout.splitlines()[-1]))


def memory_mb() -> float:
    """The most this process held, and the most a process it started held."""
    held = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return round(sum(held) * 1024 / 1e6, 1)


@contextmanager
def clock() -> Iterator[dict[str, float]]:
    """Seconds by the clock, and of processor time (this process and those it started), once the block has ended."""
    spent: dict[str, float] = {}
    started, used = time.perf_counter(), os.times()
    yield spent
    now = os.times()
    spent["seconds"] = round(time.perf_counter() - started, 3)
    spent["processor_seconds"] = round(sum(now[:4]) - sum(used[:4]), 3)


def import_all(corpus: Path) -> dict[str, Any]:
    """A new site with the corpus in it."""
    from django.core.management import call_command

    from datasets.importing.importer import ImportOptions, import_source
    from datasets.importing.source import open_source
    from datasets.models import Dataset

    call_command("migrate", verbosity=0)
    dataset = Dataset.objects.create(name="Benchmark")
    with clock() as spent:
        report = import_source(dataset, open_source(corpus), ImportOptions({}))
    return {**spent, "images": report.images_added, "boxes": report.boxes_added}


def verdict(reached: dict[str, float], goals: dict[str, float]) -> dict[str, Any]:
    """Goals are the most that may be; of names that begin with "least_" the least."""
    met = {
        name: reached[name] >= goal if name.startswith("least_") else reached[name] <= goal
        for name, goal in goals.items()
    }
    return {"reached": reached, "goals": goals, "met": met}
