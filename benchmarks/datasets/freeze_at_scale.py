"""Freezing 100,000 images with 750,000 boxes, and everything that reads such a version: memory, time, bytes.

    python -m benchmarks.datasets.freeze_at_scale --images 100000

Each part is a process of its own, so that its peak of memory is its own. The rows are those of `grid_at_scale`, their
pictures one small JPEG under all the names. Prints one JSON object. Goal: 400 MB or less in every part, and freezing in
60 seconds or less.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.datasets.export import FORMATS
from benchmarks.datasets.grid_at_scale import make_rows
from benchmarks.datasets.parts import MEMORY_MB, clock, memory_mb, verdict

FREEZE_SECONDS = 60.0
#: One box in ten is moved before the second version.
MOVED = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--data", type=Path, help="Keep the rows here, and use those that are there.")
    parser.add_argument("--part", choices=list(PARTS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        import django

        django.setup()
        with clock() as spent:
            figures = PARTS[options.part](options.images)
        print(json.dumps({**spent, "memory_mb": memory_mb(), **figures}))
        return
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as folder:
        data = options.data or Path(folder)
        figures = {part: _in_child(part, data, options.images) for part in PARTS}
    measured = {part: of for part, of in figures.items() if part != "rows"}
    reached = {
        "freeze_seconds": measured["freeze"]["seconds"],
        "memory_mb": max(part["memory_mb"] for part in measured.values()),
    }
    goals = {"freeze_seconds": FREEZE_SECONDS, "memory_mb": MEMORY_MB}
    print(json.dumps({"benchmark": "freeze_at_scale", **verdict(reached, goals), **figures}, indent=1))


def _in_child(part: str, data: Path, images: int) -> dict[str, Any]:
    environment = {**os.environ, "DATA_DIR": str(data), "DJANGO_SETTINGS_MODULE": "sw_site.settings"}
    argv = [sys.executable, "-m", "benchmarks.datasets.freeze_at_scale", "--part", part, "--images", str(images)]
    run = subprocess.run(argv, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return dict(json.loads(run.stdout.splitlines()[-1]))


def rows(images: int) -> dict[str, Any]:
    from django.conf import settings
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    dataset = make_rows(images)
    from PIL import Image

    picture = Path(settings.MEDIA_ROOT) / "picture.jpg"
    picture.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (640, 480), "grey").save(picture)
    for name in dataset.images.values_list("file", flat=True).iterator():
        path = Path(settings.MEDIA_ROOT, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.symlink_to(picture)
    dataset.versions.all().delete()
    return {"images": dataset.box_total[0], "boxes": dataset.box_total[1], "picture_bytes": picture.stat().st_size}


def freeze(images: int) -> dict[str, Any]:
    from django.core.files.storage import default_storage

    from datasets.models import Dataset
    from datasets.versions.freeze import freeze as freeze_now

    version = freeze_now(Dataset.objects.get())
    return {
        "images": version.image_count,
        "boxes": version.box_count,
        "bytes": default_storage.size(version.manifest_file),
    }


def freeze_changed(images: int) -> dict[str, Any]:
    from django.db.models import F

    from datasets.models import Box, Image

    some = Image.objects.annotate(rest=F("pk") % MOVED).filter(rest=0).values("pk")
    moved = Box.objects.filter(image__in=some).update(x2=F("x2") + 1)
    return {"moved": moved, **freeze(images)}


def export(kind: str, images: int) -> dict[str, Any]:
    from datasets.exporting.export import export_dataset
    from datasets.models import Dataset, DatasetVersion

    version = DatasetVersion.objects.get(number=1)
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as folder:
        target = Path(folder) / "out.zip"
        result = export_dataset(Dataset.objects.get(), kind, target, version)
        return {"images": result["images"], "boxes": result["boxes"], "bytes": target.stat().st_size}


def difference(images: int) -> dict[str, Any]:
    from datasets.models import DatasetVersion
    from datasets.versions.difference import as_json, compare

    first, second = (DatasetVersion.objects.get(number=number).manifest() for number in (1, 2))
    return {**as_json(compare(first, second), 1000)["boxes"]}


def preflight(images: int) -> dict[str, Any]:
    from datasets.models import DatasetVersion
    from training.config import TrainingSettings
    from training.preflight import preflight as check

    version = DatasetVersion.objects.get(number=1)
    return {"findings": [finding.code for finding in check(version, TrainingSettings.for_version(version))]}


def run_directory(images: int) -> dict[str, Any]:
    """dataset.json, as the engine reads it."""
    from datasets.models import DatasetVersion
    from training.preparation import write_request

    folder = Path(tempfile.mkdtemp(dir=os.environ.get("TMPDIR")))
    try:
        write_request(folder, DatasetVersion.objects.get(number=1).manifest(), {})
        return {"bytes": (folder / "dataset.json").stat().st_size}
    finally:
        shutil.rmtree(folder)


PARTS: dict[str, Callable[[int], dict[str, Any]]] = {
    "rows": rows,
    "freeze": freeze,
    "freeze_changed": freeze_changed,
    "diff": difference,
    **{f"export_{kind}": partial(export, kind) for kind in FORMATS},
    "preflight": preflight,
    "dataset_json": run_directory,
}


if __name__ == "__main__":
    main()
