"""Pages of the training desk at scale: a run of 100,000 steps, a registry of 1,000 models. Goal: 150 ms each.

    .venv/bin/python -m benchmarks.training.pages
    .venv/bin/python -m benchmarks.training.pages --steps 100000 --models 1000 --data /tmp/desk

Rows only: points of every curve at each tenth step, as a run of that length writes them. Time is processor time of the
whole request through all middleware, so that it can be read on a busy machine too. The process is made ready as the
site's web process is.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

ROUNDS = 101
CURVES = (
    *("total_loss", "localization_loss", "classification_loss", "regularization_loss"),
    *("learning_rate", "steps_per_second", "memory_mb", "cpu_percent"),
)
LOG_EVERY, EVALUATIONS = 10, 40


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=100_000)
    parser.add_argument("--models", type=int, default=1_000)
    parser.add_argument("--data", type=Path, help="Keep the rows here.")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DATA_DIR"] = str(options.data or folder)
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sw_site.settings")
        print(json.dumps(run(options.steps, options.models), indent=2))


def run(steps: int, models: int) -> dict[str, Any]:
    import django
    from django.core.management import call_command

    from sw_site.gunicorn_config import post_worker_init

    django.setup()
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    version = frozen_version()
    one = long_run(version, steps)
    registry(version, models)
    post_worker_init(None)
    pages = {
        "run": one.get_absolute_url(),
        "run, moving part": f"{one.get_absolute_url()}status/",
        "run, all curves": f"{one.get_absolute_url()}series/",
        "run, new points": f"{one.get_absolute_url()}series/?{newest_of(one)}",
        "run, film strip, nothing new": f"{one.get_absolute_url()}frames/?have={steps}",
        "run, film strip": f"{one.get_absolute_url()}frames/",
        "list of runs": "/training/",
        "registry": "/training/models/",
        "registry, last page": f"/training/models/?page={math.ceil(models / 50)}",
        "registry, best first": "/training/models/?order=best",
        "registry, by tag": "/training/models/?tag=night",
        "model": f"/training/models/{one.version.runs.exclude(model=None).first().model.pk}/",
        "desk": "/training/desk/",
    }
    return {"steps": steps, "models": models, **{name: measure(url) for name, url in pages.items()}}


def newest_of(run: Any) -> str:
    """The question of an open page that lacks the last ten points of the curves."""
    from training.series import story_of

    return urlencode({"after": run.metrics.order_by("-pk")[10].pk, "story": story_of(run)})


def frozen_version() -> Any:
    """The demo's newest version, drawn and frozen when there is none."""
    from django.core.management import call_command

    from datasets.models import DatasetVersion

    if not DatasetVersion.objects.exists():
        call_command("make_demo_dataset", "--count", "60", "--dataset", "Desk", "--json", verbosity=0)
        call_command("create_version", "Desk", "--json", verbosity=0)
    return DatasetVersion.objects.select_related("dataset").first()


def long_run(version: Any, steps: int) -> Any:
    """A run that is training, with all the points it would have written."""
    from sw_site.jobs.models import Job
    from training.config import TrainingSettings
    from training.filmstrip import chosen_images
    from training.models import Frame, Metric, Run

    settings = TrainingSettings.for_version(version, steps=steps)
    job = Job.objects.create(
        handler="x", kind="train", title="Train", state="running", worker="gpu-1:4711", progress=0.9
    )
    run = Run.objects.create(
        version=version, name="long run", steps=steps, step=steps - 1000, job=job, phase="training", config={},
        steps_per_second=42.0, best_step=steps // 2, best_ap=0.61, best_ap50=0.88, device="GPU 0",
        best_per_class={name: {"ap": 0.6, "ap50": 0.88} for name in version.manifest().classes.values()},
        machine={"cpu_percent": 180.0, "memory_mb": 2900, "machine_cpu_percent": 55.0, "machine_memory_mb": 9000,
                 "machine_memory_total_mb": 32000, "gpu_percent": 93.0, "gpu_memory_mb": 11000,
                 "gpu_memory_total_mb": 81559, "gpu_temperature": 61.0},
    )  # fmt: skip
    run.config = settings.run_json(run.name, {"kind": "none"})
    run.save(update_fields=["config"])
    store_curves(run, steps)
    points = []
    for part in range(1, EVALUATIONS + 1):
        step, ap = part * steps // EVALUATIONS, 0.6 * (1 - math.exp(-part / 8))
        points += [
            Metric(run=run, name="ap", step=step, value=ap),
            Metric(run=run, name="ap50", step=step, value=1.4 * ap),
        ]
        photos = [
            [image.id, [[box.x1 + 40 / part, box.y1, box.x2 + 40 / part, box.y2, 1, 0.9] for box in image.boxes]]
            for image in chosen_images(run)
        ]
        Frame.objects.create(run=run, step=step, ap=ap, ap50=1.4 * ap, photos=photos)
        run.note("mended", f"Evaluated at step {step:,}.")
    Metric.objects.bulk_create(points, batch_size=5000)
    return run


def store_curves(run: Any, steps: int) -> None:
    """The points of so many steps, as an engine writes them."""
    from training.models import Metric

    points = (
        Metric(run=run, name=name, step=step, value=1 + number + 5 / (1 + step / 500) + 0.1 * math.sin(step))
        for number, name in enumerate(CURVES)
        for step in range(LOG_EVERY, steps + 1, LOG_EVERY)
    )
    Metric.objects.bulk_create(points, batch_size=5000)


def registry(version: Any, count: int) -> None:
    """Models with runs of their own; a few have tags and one is production."""
    from training.curating import move_alias
    from training.models import Run, TrainedModel

    config = {"model": {"architecture": "ssd_mobilenet_v2_fpn_keras", "input_size": 320}, "train": {"steps": 1000}}
    rows = [Run(version=version, name=f"run {n}", steps=1000, config=config, best_ap50=0.5) for n in range(count)]
    Run.objects.bulk_create(rows)
    runs = version.runs.filter(name__startswith="run ").order_by("pk")
    classes = {str(number): name for number, name in version.manifest().classes.items()}
    TrainedModel.objects.bulk_create(
        TrainedModel(
            run=run, name=f"model {n}", classes=classes, step=1000, ap=0.3, ap50=0.4 + 0.4 * n / count,
            detector_sha256="a" * 64, size_bytes=2_300_000, number=n + 1, tags=["night"] if n % 10 == 0 else [],
        )
        for n, run in enumerate(runs)
    )  # fmt: skip
    move_alias(TrainedModel.objects.get(name=f"model {count // 2}"), "production")


def measure(url: str) -> dict[str, Any]:
    from django.contrib.auth import get_user_model
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client(HTTP_HOST="localhost")
    client.force_login(get_user_model().objects.get_or_create(username="bench", is_staff=True)[0])
    client.get(url)
    with CaptureQueriesContext(connection) as asked:
        answer = client.get(url)
    assert answer.status_code < 400, f"{url}: {answer.status_code}"
    count = len(asked)  # now: the next request empties the log
    times = []
    for _ in range(ROUNDS):
        started = time.process_time()
        client.get(url)
        times.append(1000 * (time.process_time() - started))
    return {
        "p50_ms": round(statistics.median(times), 1),
        "p95_ms": round(statistics.quantiles(times, n=20)[-1], 1),
        "queries": count,
        "status": answer.status_code,
        "kB": round(len(answer.content) / 1000, 1),
    }


if __name__ == "__main__":
    main()
