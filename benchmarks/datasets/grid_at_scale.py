"""The grid page at 100,000 images with 750,000 boxes, under every filter: CPU time, queries, and what is scanned.

    .venv/bin/python -m benchmarks.datasets.grid_at_scale --images 100000
    .venv/bin/python -m benchmarks.datasets.grid_at_scale --images 100000 --postgres

Rows only: no picture is made, because the page of the grid reads none. Time is processor time of the whole request
through all middleware, and of the database server with --postgres, so that it can be read on a busy machine too.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

ROUNDS = 21
CHUNK = 5000
CLASSES = ("cat", "dog", "bird", "rare", "last")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--data", type=Path, help="SQLite: keep the rows here, and use those that are there.")
    parser.add_argument("--postgres", action="store_true", help="In a Postgres of its own, not in SQLite.")
    parser.add_argument("--only", default="", help="Filters with this in their names.")
    options = parser.parse_args()
    with ExitStack() as until_the_end:
        folder = until_the_end.enter_context(tempfile.TemporaryDirectory())
        os.environ["DATA_DIR"] = str(options.data or folder)
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sw_site.settings")
        if options.postgres:
            from tests.postgres import postgres_server

            # One process answers a query, so that its processor time is the whole of it.
            os.environ["DATABASE_URL"] = until_the_end.enter_context(
                postgres_server("max_parallel_workers_per_gather=0")
            )
        print(json.dumps(run(options.images, options.only), indent=2))


def run(images: int, only: str) -> dict[str, Any]:
    import django
    from django.core.management import call_command
    from django.db import connection

    django.setup()
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    dataset = make_rows(images)
    if connection.vendor == "postgresql":
        connection.cursor().execute("VACUUM ANALYZE")  # as the server does by itself after a while
    figures = {name: measure(dataset, query) for name, query in queries(dataset).items() if only in name}
    connection.close()
    return {"database": connection.vendor, "images": dataset.box_total[0], "boxes": dataset.box_total[1], **figures}


def make_rows(images: int) -> Any:
    from datasets.models import Box, Dataset, Image

    dataset, is_new = Dataset.objects.get_or_create(name="Scale")
    if is_new:
        classes = [dataset.add_class(name).pk for name in CLASSES]
        for start in range(0, images, CHUNK):
            write_chunk(dataset, classes, range(start, min(start + CHUNK, images)), images)
    dataset.box_total = (Image.objects.count(), Box.objects.count())  # type: ignore[attr-defined]
    return dataset


def write_chunk(dataset: Any, classes: list[int], numbers: range, total: int) -> None:
    """Images of one kind; boxes of three frequent classes, a rare one, and one on the last 300 images only."""
    from django.db import transaction

    from datasets.bulk import insert_rows
    from datasets.models import Box, Image
    from datasets.traits import store_traits, traits_of

    rng = random.Random(numbers.start)
    images = [image_row(dataset, number, rng) for number in numbers]
    with transaction.atomic():
        Image.objects.bulk_create(images)
        boxes = {
            image.pk: [box_row(image.pk, pick_class(classes, number, total, rng), rng) for _ in range(box_count(rng))]
            for number, image in zip(numbers, images, strict=True)
        }
        insert_rows(Box, [box for rows in boxes.values() for box in rows])
        store_traits({pk: traits_of(rows) for pk, rows in boxes.items()})


def image_row(dataset: Any, number: int, rng: random.Random) -> Any:
    from datasets.models import Image

    name = f"images/{number % 256:02x}/{number:064x}.jpg"
    return Image(
        dataset=dataset,
        file_name=f"img_{number:06d}.jpg",
        folder=f"batch{number % 37}/part",
        sha256=f"{number:064x}",
        file=name,
        original=name,
        width=640,
        height=480,
        size_bytes=84_000,
        state=rng.choice(["labelled"] * 8 + ["approved", "unlabelled"]),
        verified=rng.random() < 0.3,
        split=rng.choice(["", "train"]),
        fingerprint=rng.randbytes(208),
        has_thumbnails=True,
    )


def box_count(rng: random.Random) -> int:
    return 0 if rng.random() < 0.06 else 8


def pick_class(classes: list[int], number: int, total: int, rng: random.Random) -> int:
    if rng.random() < 0.0002:
        return classes[3]
    return classes[4] if number > total - 300 else classes[rng.randrange(3)]


def box_row(image_id: int, class_id: int, rng: random.Random) -> Any:
    from datasets.bulk import NewBox, new_ids

    side, x, y = rng.choice([20, 60, 150]), rng.uniform(0, 480), rng.uniform(0, 320)
    flags = (rng.random() < 0.1, rng.random() < 0.2, False)
    ids = IDS.setdefault("ids", new_ids())
    return NewBox(next(ids), image_id, class_id, x, y, x + side, y + side, *flags, "", "import", None, None)


IDS: dict[str, Any] = {}


def queries(dataset: Any) -> dict[str, str]:
    """Filters that match at once, late, seldom and never; the last two are what an index cannot help with."""
    pk = dict(dataset.classes.values_list("name", "pk"))
    middle = dataset.images.order_by("pk")[dataset.box_total[0] // 2].pk
    return {
        "all": "",
        "all, page in the middle": f"?after={middle}",
        "by name, page in the middle": f"?sort=name&after={middle}~img_{dataset.box_total[0] // 2:06d}.jpg",
        "frequent class": f"?class={pk['cat']}",
        "rare class": f"?class={pk['rare']}",
        "class on the last images": f"?class={pk['last']}",
        "class on the last images, from the back": f"?class={pk['last']}&sort=newest&after=5000",
        "rare class and state": f"?class={pk['rare']}&state=approved&split=train",
        "frequent class, by name": f"?class={pk['cat']}&sort=name",
        "rare class, most boxes first": f"?class={pk['rare']}&sort=most",
        "rare class, by name": f"?class={pk['rare']}&sort=name",
        "state": "?state=unlabelled",
        "most boxes first": "?sort=most",
        "box size and flag": "?size=small&flag=difficult",
        "a flag no box has": "?flag=occluded",
        "source and split": "?source=import&split=train",
        "damaged": "?defect=1",
        "looks like another": "?alike=1",
        "text in names": "?name=0999",
        "text nowhere": "?name=zzz",
        "text nowhere, by name": "?name=zzz&sort=name",
        "text and class nowhere": f"?name=zzz&class={pk['cat']}",
    }


def measure(dataset: Any, query: str) -> dict[str, Any]:
    times, queries, response = measure_url(dataset.get_absolute_url() + query)
    return {**times, "queries": queries, "shown": response.content.count(b'class="tile"')}


def measure_url(url: str) -> tuple[dict[str, float], int, Any]:
    """Milliseconds of processor time, how many queries, and the answer, of a page as its administrator gets it."""
    from django.contrib.auth import get_user_model
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client(HTTP_HOST="localhost")
    client.force_login(get_user_model().objects.get_or_create(username="bench", is_staff=True)[0])
    client.get(url)
    with CaptureQueriesContext(connection) as asked:
        response = client.get(url)
    assert response.status_code == 200, response.status_code
    count = len(asked)  # now: the next request empties the log
    clock = processor_clock()
    times = []
    for _ in range(ROUNDS):
        started = clock()
        client.get(url)
        times.append(1000 * (clock() - started))
    p95 = statistics.quantiles(times, n=20)[-1]
    return {"p50_ms": round(statistics.median(times), 1), "p95_ms": round(p95, 1)}, count, response


def processor_clock() -> Callable[[], float]:
    """Processor seconds of this process, and of the database server's process that answers it."""
    from django.db import connection

    if connection.vendor == "sqlite":
        return time.process_time
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        statistics_file = Path(f"/proc/{cursor.fetchone()[0]}/schedstat")
    return lambda: time.process_time() + int(statistics_file.read_text().split()[0]) / 1e9


if __name__ == "__main__":
    main()
