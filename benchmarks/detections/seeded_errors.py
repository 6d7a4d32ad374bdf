"""Label errors put into drawn images on purpose, and the detector that is to find them."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SHARE = 0.1
TRAIN_IMAGES, TRAIN_SEED = 280, 7
CHECKED_SEED = 11
RECIPE = ["--steps", "1000", "--input-size", "224", "--learning-rate", "0.06", "--augmentation", "flip"]
NAME, MODEL = "Seeded droids", "Seeded detector"
KINDS = ("missing", "swapped", "moved")
#: (class id, xmin, ymin, xmax, ymax)
Label = tuple[int, float, float, float, float]


def trained_model() -> Any:
    """The detector, trained on drawn images a tenth of which have an error too; made only once in a DATA_DIR."""
    from django.core.management import call_command

    from training.models import TrainedModel

    if model := TrainedModel.objects.filter(name=MODEL).first():
        return model
    seed_errors(draw(TRAIN_IMAGES, TRAIN_SEED), random.Random(1))
    call_command("create_version", NAME, split="0.85,0.15,0")
    call_command("train", NAME, "--model", MODEL, *RECIPE)
    return TrainedModel.objects.get(name=MODEL)


def draw(count: int, seed: int) -> list[Any]:
    """Drawn images with exact boxes, imported into the dataset; those that are new in it."""
    from datasets.demo.export import write_demo
    from datasets.importing.importer import ImportOptions
    from datasets.jobs import import_job
    from datasets.models import Dataset, Image
    from sw_site.jobs.queue import run_here

    dataset, _ = Dataset.objects.get_or_create(name=NAME)
    before = set(dataset.images.values_list("pk", flat=True))
    with tempfile.TemporaryDirectory() as folder:
        write_demo(Path(folder), count, seed)
        job = run_here(
            import_job(dataset, Path(folder), ImportOptions({}, (Path(folder) / "label_map.pbtxt").read_text()))
        )
    assert job.state == "succeeded", job.error
    return list(Image.objects.filter(dataset=dataset).exclude(pk__in=before).order_by("pk"))


def seed_errors(rows: Iterable[Any], rng: random.Random) -> None:
    """The same errors in rows of the database: what the detector learns from is no better than what it judges."""
    rows = list(rows)
    boxes = [list(row.boxes.select_related("label_class").order_by("pk")) for row in rows]
    images = [
        Image(row.width, row.height, [label_of(box) for box in mine], []) for row, mine in zip(rows, boxes, strict=True)
    ]
    classes = {one.number: one for one in rows[0].dataset.classes.all()}
    labels, errors = spoilt(images, sorted(classes), rng)
    for place in errors:
        rows[place].boxes.all().delete()
        for number, x1, y1, x2, y2 in labels[place]:
            rows[place].boxes.create(label_class=classes[number], x1=x1, y1=y1, x2=x2, y2=y2)


def label_of(box: Any) -> Label:
    return box.label_class.number, box.x1, box.y1, box.x2, box.y2


def moved(low: float, high: float, by: float, room: float) -> tuple[float, float]:
    """An edge pair moved inside the picture; at the border it is cut."""
    low, high = max(low + by, 0.0), min(high + by, room)
    return min(low, room - 4), max(high, 4.0)


@dataclass(frozen=True)
class Image:
    """An image's right labels, (class, x1, y1, x2, y2), and what a detector sees, (class, score, x1, y1, x2, y2)."""

    width: int
    height: int
    labels: list[Label]
    seen: list[tuple[int, float, float, float, float, float]]


def drawn_images(model: Any, count: int) -> list[Image]:
    """Images of a seed that no detector here was trained on."""
    from datasets.demo.scene import draw_scene
    from detections.inference import load_predictor

    predictor, numbers = load_predictor(model), {name: number for number, name in model.label_map.items()}
    images = []
    for index in range(count):
        scene = draw_scene(index, CHECKED_SEED)
        labels = [
            (numbers[b.class_name], float(b.xmin), float(b.ymin), float(b.xmax), float(b.ymax)) for b in scene.boxes
        ]
        (found,) = predictor.predict([scene.image])
        images.append(Image(*scene.image.size, labels, rows_of(found)))
    return images


def held_out_images(model: Any) -> list[Image]:
    """The val and test images of the version that a model was trained on."""
    from detections.evaluation import version_sources
    from detections.inference import detect_images, load_predictor

    manifest = model.run.version.manifest()
    frozen = manifest.split("val") + manifest.split("test")
    found = detect_images(load_predictor(model), version_sources(frozen))
    return [
        Image(
            image.width,
            image.height,
            [(box.class_id, box.x1, box.y1, box.x2, box.y2) for box in image.boxes],
            rows_of(seen.detections),
        )
        for image, seen in zip(frozen, found, strict=True)
    ]


def rows_of(found: Any) -> list[tuple[int, float, float, float, float, float]]:
    rows = zip(found.class_ids.tolist(), found.scores.tolist(), found.boxes.tolist(), strict=True)
    return [(number, score, *edges) for number, score, edges in rows]


def spoilt(images: list[Image], classes: list[int], rng: random.Random) -> tuple[list[list[Label]], dict[int, str]]:
    """Labels with one error in a tenth of the images that have some, the kinds in turn; and place -> kind."""
    labels = [list(image.labels) for image in images]
    labelled = [place for place, rows in enumerate(labels) if rows]
    chosen = rng.sample(labelled, max(1, round(SHARE * len(labelled))))
    kinds = [kind for kind in KINDS if kind != "swapped" or len(classes) > 1]
    errors = {place: kinds[turn % len(kinds)] for turn, place in enumerate(chosen)}
    for place, kind in errors.items():
        spoil(labels[place], kind, images[place], classes, rng)
    return labels, errors


def spoil(labels: list[Label], kind: str, image: Image, classes: list[int], rng: random.Random) -> None:
    """Leave a label out, give it another class, or move it by a third to two thirds of its size."""
    place = rng.randrange(len(labels))
    number, x1, y1, x2, y2 = labels.pop(place)
    if kind == "swapped":
        labels.insert(place, (rng.choice([other for other in classes if other != number]), x1, y1, x2, y2))
    elif kind == "moved":
        right, down = (rng.choice((-1, 1)) * rng.uniform(1 / 3, 2 / 3) for _ in range(2))
        right, down = right * (x2 - x1), down * (y2 - y1)
        if not (0 <= x1 + right <= image.width - 4 and 0 <= y1 + down <= image.height - 4):
            right, down = -right, -down
        across, along = moved(x1, x2, right, image.width), moved(y1, y2, down, image.height)
        labels.insert(place, (number, across[0], along[0], across[1], along[1]))
