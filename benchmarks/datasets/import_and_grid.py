"""Import, thumbnails, grid page and memory at N images, beside the plainest thing that could be done with the files.

    .venv/bin/python -m benchmarks.datasets.import_and_grid --images 10000

Each part runs in a process of its own on a fresh data folder; memory is the peak resident size of that process.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.datasets.corpus import write_corpus

PARTS = ("copy_and_hash", "import", "thumbnails", "grid")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    parser.add_argument("--corpus", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        print(json.dumps({**run_part(options.part, options.corpus), "peak_rss_mb": peak_mb()}))
        return
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as folder:
        corpus = Path(folder) / "corpus"
        write_corpus(corpus, options.images)
        figures = {part: in_child(part, corpus, Path(folder) / "data") for part in PARTS}
    print(json.dumps(summary(options.images, figures), indent=2))


def in_child(part: str, corpus: Path, data: Path) -> dict[str, Any]:
    environment = {**os.environ, "DATA_DIR": str(data), "DJANGO_SETTINGS_MODULE": "sw_site.settings"}
    argv = [sys.executable, "-m", "benchmarks.datasets.import_and_grid", "--part", part, "--corpus", str(corpus)]
    run = subprocess.run(argv, env=environment, capture_output=True, text=True, check=True)
    return dict(json.loads(run.stdout.splitlines()[-1]))


def summary(images: int, figures: dict[str, Any]) -> dict[str, Any]:
    return {
        "images": images,
        "import_images_per_second": round(images / figures["import"]["seconds"]),
        "import_over_copy_and_hash": round(figures["import"]["seconds"] / figures["copy_and_hash"]["seconds"], 2),
        "thumbnails_per_second": round(images / figures["thumbnails"]["seconds"]),
        **figures,
    }


def peak_mb() -> float:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6, 1)


def run_part(part: str, corpus: Path) -> dict[str, Any]:
    if part == "copy_and_hash":
        return copy_and_hash(corpus)
    import django

    django.setup()
    return {"import": import_corpus, "thumbnails": thumbnails, "grid": grid}[part](corpus)


def copy_and_hash(corpus: Path) -> dict[str, Any]:
    """The floor: read each file, hash the images, write them once more."""
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(dir=corpus.parent) as target:
        for file in sorted((corpus / "images").iterdir()):
            data = file.read_bytes()
            (Path(target) / hashlib.sha256(data).hexdigest()).write_bytes(data)
        for file in sorted((corpus / "annotations").iterdir()):
            file.read_bytes()
        return {"seconds": round(time.perf_counter() - started, 2)}


def import_corpus(corpus: Path) -> dict[str, Any]:
    from django.core.management import call_command

    from datasets.importing.importer import ImportOptions, import_source
    from datasets.importing.source import open_source
    from datasets.models import Dataset

    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    dataset = Dataset.objects.create(name="Benchmark")
    started = time.perf_counter()
    report = import_source(dataset, open_source(corpus), ImportOptions({}))
    seconds = time.perf_counter() - started
    return {"seconds": round(seconds, 2), "images_added": report.images_added, "boxes_added": report.boxes_added}


def thumbnails(corpus: Path) -> dict[str, Any]:
    from datasets.models import Dataset
    from datasets.thumbnails import thumbnail_all
    from sw_site.jobs.queue import create_job, run_here

    dataset = Dataset.objects.get()
    job = create_job(thumbnail_all, kind="thumbnails", title="t", payload={"dataset_id": dataset.pk})
    started = time.perf_counter()
    result = run_here(job).result
    return {"seconds": round(time.perf_counter() - started, 2), **(result or {})}


def grid(corpus: Path) -> dict[str, Any]:
    """Server time of the grid page of 100 images, whole request through all middleware, by filter and page."""
    from django.contrib.auth import get_user_model
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from datasets.models import Dataset

    dataset = Dataset.objects.get()
    client = Client(HTTP_HOST="localhost")
    client.force_login(get_user_model().objects.create_user("bench"))
    class_id = dataset.classes.first().pk
    middle = dataset.images.order_by("pk")[dataset.images.count() // 2].pk
    pages = {
        "first": "",
        "middle": f"?after={middle}",
        "class": f"?class={class_id}",
        "class, most boxes first": f"?class={class_id}&sort=most",
        "name": "?name=0042",
        "small and difficult": "?size=small&flag=difficult",
        "matches nothing": "?name=nothing-has-this-name",
    }
    figures: dict[str, Any] = {}
    for name, query in pages.items():
        url = dataset.get_absolute_url() + query
        client.get(url)
        with CaptureQueriesContext(connection) as queries:
            client.get(url)
        asked = len(queries)
        times = []
        for _ in range(15):
            started = time.perf_counter()
            client.get(url)
            times.append(1000 * (time.perf_counter() - started))
        figures[name] = {
            "median_ms": round(statistics.median(times), 1),
            "max_ms": round(max(times), 1),
            "queries": asked,
        }
    return figures


if __name__ == "__main__":
    main()
