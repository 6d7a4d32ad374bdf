"""Builders: each fills in what the caller leaves out and makes what it stands on."""

from __future__ import annotations

import hashlib
import io
import itertools
import json
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image as Picture

from datasets import likeness
from datasets.models import Box, Dataset, DatasetVersion, Image, LabelClass, ReviewState
from datasets.versions.manifest import Manifest, ManifestBox, ManifestImage, write_manifest
from training.models import Run, TrainedModel

counter = itertools.count(1)


def picture_bytes(width: int = 400, height: int = 300, colour: Any = (90, 120, 60), kind: str = "JPEG") -> bytes:
    """An image file of one colour, no two of them with the same bytes."""
    picture, number = Picture.new("RGB", (width, height), colour), next(counter)
    picture.putpixel((0, 0), (number % 256, number // 256 % 256, 7))
    buffer = io.BytesIO()
    options: dict[str, Any] = {"quality": 95, "comment": str(number)} if kind == "JPEG" else {}
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def make_user(username: str = "", **kwargs: Any) -> Any:
    return get_user_model().objects.create_user(username or f"user{next(counter)}", password="secret-42-pass", **kwargs)


def make_dataset(classes: tuple[str, ...] = ("BB-8", "R2-D2"), **kwargs: Any) -> Dataset:
    dataset = Dataset.objects.create(**{"name": f"Droids {next(counter)}", **kwargs})
    for name in classes:
        dataset.add_class(name)
    return dataset


def make_image(dataset: Dataset | None = None, width: int = 400, height: int = 300, **kwargs: Any) -> Image:
    dataset = dataset or make_dataset()
    data = kwargs.pop("data", None) or picture_bytes(width, height)
    digest = hashlib.sha256(data).hexdigest()
    name = f"images/{digest[:2]}/{digest}.jpg"
    if not default_storage.exists(name):
        default_storage.save(name, ContentFile(data))
    values = {"file_name": f"photo-{next(counter)}.jpg", "state": ReviewState.LABELLED, "size_bytes": len(data)}
    # All these pictures look alike; fingerprints as of so many scenes keep splits as they would be of photographs.
    values["fingerprint"] = hashlib.shake_128(data).digest(likeness.LENGTH)
    values |= {"file": name, "original": name, "width": width, "height": height, "sha256": digest}
    return Image.objects.create(dataset=dataset, **{**values, **kwargs})


def make_box(image: Image | None = None, label_class: LabelClass | None = None, **kwargs: Any) -> Box:
    image = image or make_image()
    label_class = label_class or image.dataset.classes.first()
    return Box.objects.create(
        image=image, label_class=label_class, **{"x1": 10, "y1": 20, "x2": 110, "y2": 80, **kwargs}
    )


def make_version(dataset: Dataset | None = None, images: int = 6, **kwargs: Any) -> DatasetVersion:
    """A frozen version made by hand: images in turn in train, train, val, test ..., one box each, classes in turn."""
    dataset = dataset or make_dataset()
    classes = {c.number: c for c in dataset.classes.all()}
    rows = []
    for n in range(images):
        image = make_image(dataset)
        number = 1 + n % len(classes)
        box = make_box(image, classes[number], x1=20 + n, y1=30, x2=120 + n, y2=150)
        frozen = ManifestBox(number, box.x1, box.y1, box.x2, box.y2)
        split = ("train", "train", "val", "test")[n % 4]
        rows.append(
            ManifestImage(
                image.pk, image.file, image.file_name, image.sha256, image.width, image.height, split, (frozen,)
            )
        )
    manifest = Manifest({number: c.name for number, c in classes.items()}, tuple(rows))
    name, digest = write_manifest(manifest)
    values = {"number": dataset.versions.count() + 1, "fractions": [0.7, 0.15, 0.15], "counts": manifest.counts()}
    return DatasetVersion.objects.create(
        dataset=dataset, content_hash=digest, manifest_file=name, **{**values, **kwargs}
    )


def make_run(version: DatasetVersion | None = None, **kwargs: Any) -> Run:
    version = version or make_version()
    return Run.objects.create(version=version, **{"name": f"run {next(counter)}", "config": {}, "steps": 20, **kwargs})


def make_model(run: Run | None = None, **kwargs: Any) -> TrainedModel:
    """A registry entry without an engine behind it; its model.json is there, its graph only when a test puts one."""
    run = run or make_run()
    classes = {str(k): v for k, v in run.version.manifest().classes.items()}
    folder = Path(run.directory) / "exports" / "onnx"
    folder.mkdir(parents=True, exist_ok=True)
    rows = [{"id": int(k), "name": v} for k, v in classes.items()]
    (folder / "model.json").write_text(json.dumps({"format": 1, "input_size": 128, "classes": rows}))
    values = {"name": f"model {next(counter)}", "classes": classes, "step": run.steps, "detector_sha256": "0" * 64}
    return TrainedModel.objects.create(run=run, size_bytes=1, **{**values, **kwargs})
