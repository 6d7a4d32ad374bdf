"""How long a page of the gallery takes at 1,000,000 stored boxes.

    python -m benchmarks.detections.gallery [--images 40000] [--requests 60] [--postgres]

Makes one evaluation of 40,000 images with about 25 predicted boxes each in a database and a storage of its own, then
asks for pages as a browser does: every filter, order, page deep inside, whole images, sliders elsewhere. Prints one
line of JSON: median and 95th percentile in milliseconds of what htmx fetches (`instrument`) once the boxes are in
memory, the same for a score nobody asked for before (`new score`), and single times: the first page of a process,
which reads the file, and an IoU nobody asked for before, for which all boxes are matched anew. `batch_ms` are pages of
a batch with as many boxes, which lie in the database row by row. Goal: p95 of gallery and batch at most 150 ms.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import tempfile
import time
from contextlib import ExitStack
from typing import Any


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=40_000)
    parser.add_argument("--requests", type=int, default=60)
    parser.add_argument("--postgres", action="store_true", help="On a Postgres of its own, not on SQLite.")
    options = parser.parse_args()
    with ExitStack() as until_the_end:
        folder = until_the_end.enter_context(tempfile.TemporaryDirectory())
        os.environ |= {"DATA_DIR": folder, "DJANGO_SETTINGS_MODULE": "sw_site.settings", "SW_DEBUG": "0"}
        os.environ["DATABASE_URL"] = ""
        if options.postgres:
            from tests.postgres import postgres_server

            os.environ["DATABASE_URL"] = until_the_end.enter_context(postgres_server())
        database = "postgres" if options.postgres else "sqlite"
        print(json.dumps({"database": database, **measure(options.images, options.requests)}))


def measure(images: int, requests: int) -> dict[str, Any]:
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from django.test import Client

    settings.ALLOWED_HOSTS = ["*"]
    settings.SECURE_SSL_REDIRECT = False
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    evaluation, boxes = make_evaluation(images)
    from tests.factories import make_user

    client = Client()
    client.force_login(make_user("benchmark", is_staff=True, is_superuser=True))

    def ask(query: dict[str, Any]) -> float:
        start = time.perf_counter()
        answer = client.get(evaluation.get_absolute_url(), query, headers={"HX-Request": "true"})
        assert answer.status_code == 200 and b"instrument" in answer.content, answer.status_code
        return (time.perf_counter() - start) * 1000

    first = ask({})
    for sort in ("score", "iou", "size", "image"):
        ask({"sort": sort})
    known = [ask(random_query(number, boxes)) for number in range(requests)]
    moved = [ask({"score": f"{0.2 + number / 100:.2f}"}) for number in range(20)]
    batch, rows = make_batch(evaluation.model, images)
    pages = [ask_batch(client, batch, number) for number in range(requests)]
    return {
        "images": images,
        "boxes": boxes,
        "first_page_ms": round(first),
        "gallery_ms": spread(known),
        "new_score_ms": spread(moved),
        "batch_boxes": rows,
        "batch_ms": spread(pages),
        "new_iou_ms": round(ask({"iou": "0.7"})),
    }


def ask_batch(client: Any, batch: Any, number: int) -> float:
    """Milliseconds of a page somewhere in a batch."""
    page = random.Random(number).choice([1, 2, 50, 200, 400])
    start = time.perf_counter()
    answer = client.get(batch.get_absolute_url(), {"page": page})
    assert answer.status_code == 200 and b"data-score" in answer.content, answer.status_code
    return (time.perf_counter() - start) * 1000


def make_batch(model: Any, images: int) -> tuple[Any, int]:
    """A batch of uploaded images, each with 25 boxes."""
    from detections.models import BatchSource, Detection, DetectionBatch, DetectionImage

    batch = DetectionBatch.objects.create(model=model, source=BatchSource.UPLOAD, done=images)
    rng, rows = random.Random(1), 0
    for first in range(0, images, 2000):
        numbers = range(first, min(first + 2000, images))
        made = [
            DetectionImage(batch=batch, file_name=f"{n}.jpg", file=f"d/{n}.jpg", original="", width=800, height=800)
            for n in numbers
        ]
        DetectionImage.objects.bulk_create(made, batch_size=2000)
        boxes = [
            Detection(image=image, class_id=1 + n % 3, score=rng.random(), x1=n * 20, y1=n * 10, x2=n * 25 + 60, y2=700)
            for image in made
            for n in range(25)
        ]
        Detection.objects.bulk_create(boxes, batch_size=2000)
        rows += len(boxes)
    return batch, rows


def random_query(number: int, boxes: int) -> dict[str, Any]:
    rng = random.Random(number)
    return {
        "match": rng.choice(["", "tp", "poor_box", "wrong_class", "background", "missed"]),
        "class": rng.choice(["", "1", "3"]),
        "sort": rng.choice(["score", "-score", "iou", "size", "image"]),
        "size": rng.choice(["", "large"]),
        "view": rng.choice(["", "", "images"]),
        "page": rng.choice([1, 2, 50, boxes // 500]),
    }


def spread(times: list[float]) -> dict[str, int]:
    return {"median": round(statistics.median(times)), "p95": round(statistics.quantiles(times, n=20)[-1])}


def make_evaluation(images: int) -> tuple[Any, int]:
    from benchmarks.detections.metrics import CLASSES, make_images
    from datasets.models import Image
    from detections.evaluation import SplitResults, keep
    from detections.models import Evaluation
    from tests.factories import make_dataset, make_model, make_run, make_version

    version = make_version(make_dataset(classes=tuple(CLASSES.values())), images=5)
    rows = [
        Image(
            dataset=version.dataset,
            file=f"images/{number}.jpg",
            file_name=f"{number}.jpg",
            sha256=f"{number:064x}",
            size_bytes=1,
            width=800,
            height=800,
        )
        for number in range(images)
    ]
    ids = [row.pk for row in Image.objects.bulk_create(rows, batch_size=2000)]
    results = SplitResults(classes=CLASSES, images=make_images(images, ids=ids))
    evaluation = Evaluation.objects.create(model=make_model(make_run(version)), version=version, split="val")
    keep(evaluation, results)
    return evaluation, sum(len(image.scores) for image in results.images)


if __name__ == "__main__":
    main()
