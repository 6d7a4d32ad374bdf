"""The check before a run at 2,000 images of 1,600 x 1,200 pixels with 16,000 boxes: seconds and processor time.

    .venv/bin/python -m benchmarks.training.preflight

Goals on two cores: 15 s without reading the pixels, 60 s with.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import random
import struct
import tempfile
import time
from pathlib import Path
from typing import Any

SIZE = (1600, 1200)
PICTURES = 20  # different pictures; a comment makes the bytes of each file its own
CLASSES = ("cat", "dog", "bird", "fish", "horse")
GOALS = {"heads": 15.0, "decoded": 60.0}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=2000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DATA_DIR"] = folder
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sw_site.settings")
        print(json.dumps(run(options.images), indent=2))


def run(images: int) -> dict[str, Any]:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    from training.config import TrainingSettings
    from training.preflight import preflight

    version = make_version(images)
    settings = TrainingSettings.for_version(version)
    preflight(version, settings)  # reads the manifest once: it is kept
    result: dict[str, Any] = {"images": images, "cores": os.cpu_count()}
    for name, decode in (("heads", False), ("decoded", True)):
        started, busy = time.perf_counter(), time.process_time()
        findings = preflight(version, settings, decode=decode)
        result[name] = {
            "seconds": round(time.perf_counter() - started, 2),
            "processor_seconds": round(time.process_time() - busy, 2),
            "goal_seconds": GOALS[name],
            "findings": len(findings),
        }
    return result


def make_version(count: int) -> Any:
    """Photographs with eight boxes each, frozen 70 : 15 : 15."""
    from django.conf import settings
    from django.core.files.storage import default_storage

    from datasets import likeness
    from datasets.models import Dataset, Image, ReviewState
    from datasets.versions.manifest import Manifest, ManifestBox, ManifestImage, write_manifest

    chance = random.Random(1)
    dataset = Dataset.objects.create(name="Benchmark")
    numbers = [dataset.add_class(name).number for name in CLASSES]
    pictures = [photograph(seed) for seed in range(PICTURES)]
    rows = []
    for n in range(count):
        comment, jpeg = f"image {n}".encode(), pictures[n % PICTURES]
        data = jpeg[:2] + b"\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment + jpeg[2:]
        digest = hashlib.sha256(data).hexdigest()
        path = Path(default_storage.path(f"images/{digest[:2]}/{digest}.jpg"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        name = str(path.relative_to(settings.MEDIA_ROOT))
        print_of_it = hashlib.shake_128(data).digest(likeness.LENGTH)
        image = Image(
            dataset=dataset, file=name, original=name, file_name=f"{n:05}.jpg", sha256=digest, width=SIZE[0],
            height=SIZE[1], size_bytes=len(data), state=ReviewState.LABELLED, fingerprint=print_of_it,
        )  # fmt: skip
        rows.append(image)
    Image.objects.bulk_create(rows, batch_size=500)
    images = []
    for n, image in enumerate(rows):
        boxes = []
        for _ in range(8):
            x, y = chance.randint(0, SIZE[0] - 400), chance.randint(0, SIZE[1] - 400)
            boxes.append(ManifestBox(chance.choice(numbers), x, y, x + chance.randint(80, 399), y + 200))
        split = "train" if n % 20 < 14 else "val" if n % 20 < 17 else "test"
        images.append(ManifestImage(image.pk, image.file, image.file_name, image.sha256, *SIZE, split, tuple(boxes)))
    manifest = Manifest(dict(zip(numbers, CLASSES, strict=True)), tuple(images))
    name, digest = write_manifest(manifest)
    return dataset.versions.create(
        number=1, fractions=[0.7, 0.15, 0.15], counts=manifest.counts(), content_hash=digest, manifest_file=name
    )


def photograph(seed: int) -> bytes:
    import numpy as np
    from PIL import Image, ImageFilter

    noise = np.random.default_rng(seed).integers(0, 256, (SIZE[1], SIZE[0], 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).filter(ImageFilter.GaussianBlur(1.5)).save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


if __name__ == "__main__":
    main()
