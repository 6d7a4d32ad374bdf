"""The progress page and its CSV at 100,000 images that ten people labelled and reviewed over 200 days of work.

    .venv/bin/python -m benchmarks.editor.progress [--images 100000] [--postgres]

Rows only: each image has its event of being labelled, four of five a verdict, and some of those came back. Time is
processor time of the whole request through all middleware, and of the database server with --postgres, so that it can
be read on a busy machine too. Goal: 150 ms (p95) each, as for the other pages. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import tempfile
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

GOAL_MS = 150
PEOPLE, DAYS, REVIEWERS, CHUNK = 10, 200, 3, 5000


def make_events(dataset: Any) -> int:
    """A labeller takes runs of images, 40 seconds each; a reviewer judges them a day later, 10 seconds each."""
    from django.contrib.auth import get_user_model
    from django.utils import timezone

    from datasets.models import Image, ReviewEvent

    users = [get_user_model().objects.create(username=f"person{number}") for number in range(PEOPLE)]
    rng, start = random.Random(7), timezone.now() - timedelta(days=DAYS)
    rows = list(dataset.images.order_by("pk").values_list("pk", flat=True))
    events = []
    for number, pk in enumerate(rows):
        labeller, reviewer = users[number // 50 % PEOPLE], users[number // 200 % REVIEWERS]
        when = start + timedelta(days=number * (DAYS - 2) // len(rows), seconds=number % 500 * 40)
        common = {"dataset": dataset, "image_id": pk, "revision": 1}
        paused = number % 50 == 0
        events.append(
            ReviewEvent(
                **common,
                user=labeller,
                before="unlabelled",
                after="labelled",
                created_at=when,
                credited=True,
                seconds=None if paused else 40,
            )  # fmt: skip
        )
        if number % 5:
            after = "returned" if rng.random() < 0.1 else "approved"
            events.append(
                ReviewEvent(
                    **common,
                    user=reviewer,
                    labeller=labeller,
                    before="labelled",
                    after=after,
                    created_at=when + timedelta(days=1),
                    seconds=None if paused else 10,
                )  # fmt: skip
            )
    ReviewEvent.objects.bulk_create(events, batch_size=CHUNK)
    Image.objects.filter(dataset=dataset, pk__lte=rows[len(rows) // 10]).update(assignee=users[0], reviewer=users[1])
    return len(events)


def run(images: int) -> dict[str, Any]:
    import django
    from django.core.management import call_command
    from django.db import connection
    from django.urls import reverse

    django.setup()
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    from benchmarks.datasets.grid_at_scale import make_rows, measure_url

    dataset = make_rows(images)
    events = make_events(dataset)
    if connection.vendor == "postgresql":
        connection.cursor().execute("VACUUM ANALYZE")  # as the server does by itself after a while
    figures = {}
    for name, route in (("page", "review-desk"), ("csv", "progress-csv")):
        times, queries, response = measure_url(reverse(f"datasets:{route}", args=[dataset.slug]))
        figures[name] = {**times, "queries": queries, "bytes": len(response.content)}
    answer, queries, _ = measure_url(f"/api/v1/datasets/{dataset.slug}/progress")
    figures["api"] = {**answer, "queries": queries}
    vendor = connection.vendor
    connection.close()
    met = {name: found["p95_ms"] <= GOAL_MS for name, found in figures.items()}
    return {"database": vendor, "images": images, "events": events, **figures, "goal_ms": GOAL_MS, "met": met}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--postgres", action="store_true", help="In a Postgres of its own, not in SQLite.")
    options = parser.parse_args()
    with ExitStack() as until_the_end:
        os.environ["DATA_DIR"] = until_the_end.enter_context(tempfile.TemporaryDirectory())
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sw_site.settings")
        if options.postgres:
            from tests.postgres import postgres_server

            # One process answers a query, so that its processor time is the whole of it.
            os.environ["DATABASE_URL"] = until_the_end.enter_context(
                postgres_server("max_parallel_workers_per_gather=0")
            )
        print(json.dumps({"benchmark": "editor_progress", **run(options.images)}, indent=1))


if __name__ == "__main__":
    main()
