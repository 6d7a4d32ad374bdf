"""A site with something on every page: long names, crowded photos, work of several people."""

from __future__ import annotations

import json
import time
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.e2e.conftest import Site
from tests.e2e.labelling import command, manage

NAME = "Droids of the northern assembly hall, second camera"
LONG = "a-photograph-whose-name-nobody-shortened-before-it-was-uploaded_2026-11-26T07-33-59.jpg"
CLASS = "astromech droid seen from behind, partly hidden"
PERSON = "bartholomew.featherstonehaugh"
#: Every page that shows rows, with the numbers that `fill` gives.
ADDRESSES = [
    "/",
    "/search/?q=droids",
    "/jobs/",
    "/team/ways-in/",
    "/datasets/",
    "/datasets/keys/",
    "/datasets/images/{image}/",
    "/datasets/images/{returned}/?review=1",
    "/datasets/images/{compared}/history/",
    "/datasets/images/{compared}/compare/",
    "/datasets/images/{compared}/sources/",
    "/datasets/sets/{slug}/",
    "/datasets/sets/{slug}/changes/",
    "/datasets/sets/{slug}/classes/",
    "/datasets/sets/{slug}/duplicates/",
    "/datasets/sets/{slug}/export/",
    "/datasets/sets/{slug}/health/",
    "/datasets/sets/{slug}/import/",
    "/datasets/sets/{slug}/review/",
    "/datasets/sets/{slug}/review/checks/",
    "/datasets/sets/{slug}/review/notes/",
    "/datasets/sets/{slug}/upload/",
    "/datasets/sets/{slug}/versions/",
    "/datasets/sets/{slug}/versions/{version}/",
    "/datasets/sets/{slug}/versions/2/diff/",
    "/datasets/sets/{slug}/versions/new/",
    "/detections/",
    "/detections/?show=batches",
    "/detections/batches/{batch}/",
    "/detections/batches/{batch}/send/",
    "/detections/batches/{uploaded}/",
    "/detections/evaluations/compare/?a={evaluation}&b={other}&group=neither",
    "/detections/evaluations/new/",
    "/detections/evaluations/{evaluation}/",
    "/detections/evaluations/{evaluation}/?view=images",
    "/detections/mistakes/",
    "/detections/mistakes/{search}/",
    "/detections/models/{model}/loop/",
    "/detections/models/{model}/try/",
    "/detections/new/",
    "/detections/next/{slug}/",
    "/detections/prelabel/{slug}/",
    "/detections/videos/",
    "/detections/videos/{video}/",
    "/training/",
    "/training/compare/?run={run}&run={other_run}",
    "/training/configs/",
    "/training/desk/",
    "/jobs/workers/",
    "/training/models/",
    "/training/models/{model}/",
    "/training/new/",
    "/training/runs/{failed_run}/",
    "/training/runs/{run}/",
    "/training/starts/",
    "/upkeep/",
]


def fill(site: Site, folder: Path) -> dict[str, Any]:
    """What to put into addresses: numbers of rows by their kind."""
    command(site, "make_demo_dataset", "--count", "28", "--dataset", NAME)
    said = manage(site, "shell", "-v", "0", "-c", f"from tests.e2e import fullness; fullness.rows({str(folder)!r})")
    return dict(json.loads(said))


def rows(folder: str) -> None:
    from datasets import lookup
    from sw_site.accounts.models import User

    dataset = lookup.dataset_by_name(NAME)
    boss = User.objects.get(username="admin")
    people = [User.objects.create_user(name, password="secret-42-pass") for name in ("anna", PERSON)]
    crowded = crowd(dataset, boss)
    desk = review(dataset, boss, people, crowded)
    versions = freeze_twice(dataset, boss, crowded)
    models = train(versions[0])
    print(
        json.dumps({"slug": dataset.slug, "image": crowded.pk, **desk, **measure(models, dataset, boss, Path(folder))})
    )


def crowd(dataset: Any, user: Any) -> Any:
    """A photo with 500 boxes and a long name."""
    from datasets.saving import BoxValues, save_boxes

    image, kind = dataset.images.order_by("pk").first(), dataset.add_class(CLASS)
    dataset.images.filter(pk=image.pk).update(file_name=LONG)
    image.refresh_from_db()
    width, height = image.width / 25, image.height / 20
    places = [(column * width, row * height) for row in range(20) for column in range(25)]
    boxes = [BoxValues(uuid.uuid4(), kind.pk, x + 1, y + 1, x + width - 1, y + height - 1) for x, y in places]
    save_boxes(image, image.revision, boxes, verified=False, negative=False, user=user)
    return image


def review(dataset: Any, boss: Any, people: list[Any], crowded: Any) -> dict[str, Any]:
    """Photos of every state, a note, two people's boxes on one photo, a hidden check with an answer, work of days."""
    from django.utils import timezone

    from datasets.labels import boxes_as_json
    from datasets.models import CheckAnswer, ReviewEvent
    from datasets.review.checks import choose
    from datasets.review.measured import excuse
    from datasets.review.verdicts import Pin, approve, return_image
    from datasets.saving import BoxValues, save_boxes

    images = list(dataset.images.filter(box_count__gt=0).order_by("pk"))
    for user in people:
        image = dataset.images.get(pk=images[1].pk)
        kept = boxes_as_json(image.boxes.all())[: 1 + people.index(user)]
        names = ("class_id", "x1", "y1", "x2", "y2")
        values = [BoxValues(uuid.UUID(box["id"]), **{name: box[name] for name in names}) for box in kept]
        save_boxes(image, image.revision, values, verified=False, negative=False, user=user)
    approve(images[2], images[2].revision, boss)
    text = "The lower edge cuts through the wheel; please draw it again down to the floor, without its shadow."
    box = images[3].boxes.first()
    return_image(images[3], images[3].revision, text, Pin(box.pk), boss)
    dataset.images.filter(pk__in=[image.pk for image in images[-4:]]).update(state="unlabelled")
    now = timezone.now()
    events = [
        ReviewEvent(
            dataset=dataset, image=image, user=people[n % 2], labeller=people[n % 2], before="unlabelled",
            after="labelled", revision=1, credited=True, seconds=30 + n,
            created_at=now - timedelta(days=n % 6, minutes=n),
        )
        for n, image in enumerate(images[4:-4])
    ]  # fmt: skip
    ReviewEvent.objects.bulk_create(events)
    choose(dataset, [image.pk for image in images[5:8]], boss, 5)
    item = images[5].check_item
    CheckAnswer.objects.create(item=item, user=people[1], boxes=boxes_as_json(images[5].boxes.all())[:1])
    excuse(dataset, people[0], boss)
    dataset.images.filter(pk__in=[image.pk for image in images[-3:-1]]).update(assignee=people[1])
    return {"compared": images[1].pk, "returned": images[3].pk, "open": images[-4].pk}


def freeze_twice(dataset: Any, user: Any, crowded: Any) -> list[Any]:
    """Two versions; between them boxes moved, changed their class and went."""
    from datasets.models import Box
    from datasets.versions.freeze import freeze

    first = freeze(dataset, (0.5, 0.25, 0.25), 1, user, "As they came from the hall, before anybody looked", False)
    Box.objects.filter(image=crowded.pk, x1__lt=20).delete()
    Box.objects.exclude(image=crowded.pk).filter(label_class=dataset.classes.first()).update(x1=3)
    return [first, freeze(dataset, (0.5, 0.25, 0.25), 2, user, "", False)]


def train(version: Any) -> list[Any]:
    """Two models of runs with curves, a filmstrip and a note; a third run that failed."""
    from sw_site.jobs.models import Job, JobState
    from tests.detections.builders import make_detector
    from tests.factories import make_run
    from training.bases import NOTHING
    from training.config import TrainingSettings
    from training.filmstrip import chosen_images
    from training.models import Frame, Metric

    names = version.manifest().classes
    answers = [(1, 0.9, 0.3, 0.3, 0.6, 0.8), (2, 0.55, 0.1, 0.2, 0.4, 0.7), (2, 0.31, 0.0, 0.0, 1.0, 1.0)]
    models = []
    for n in range(2):
        name = ("ssd_mobilenet_v2_320, a long look at the second camera", "short")[n]
        model = make_detector(version, answers[: 3 - n], name=name)
        run, config = model.run, TrainingSettings.for_version(version, steps=1000)
        run.name, run.steps, run.step = name, 1000, 1000
        run.config, run.best_step, run.best_ap, run.best_ap50 = (
            config.run_json(name, NOTHING.to_json()),
            800,
            0.42,
            0.71,
        )
        run.best_per_class = {label: {"ap": 0.4, "ap50": 0.7} for label in names.values()}
        title = f"Train {name}"
        run.job = Job.objects.create(
            kind="training", title=title, state=JobState.SUCCEEDED, queue="gpu", log="step 1\n"
        )
        run.save()
        curves = (("total_loss", 3.0), ("ap", 0.4), ("ap50", 0.7), ("learning_rate", 0.01))
        points = [(curve, step, top * (1 - 0.5 / (step + 1))) for curve, top in curves for step in range(0, 1001, 50)]
        Metric.objects.bulk_create(Metric(run=run, name=c, step=s, value=v) for c, s, v in points)
        photos = [[image.id, [[5, 5, 60, 60, 1, 0.8]]] for image in chosen_images(run)]
        for step in (400, 800):
            Frame.objects.create(run=run, step=step, ap=0.3, ap50=0.6, photos=photos)
        models.append(model)
    failed = make_run(version, name="This one ran out of memory", config=models[0].run.config, step=12)
    failed.job = Job.objects.create(
        kind="training", title="Train it", state=JobState.FAILED, queue="gpu", error="The GPU has no memory left."
    )
    failed.save()
    return models


def measure(models: list[Any], dataset: Any, user: Any, folder: Path) -> dict[str, Any]:
    """Evaluations, batches, a search for label mistakes, a video; done by the site's own workers."""
    from django.core.files.uploadedfile import SimpleUploadedFile

    from detections.actions import evaluate_here, start_upload_batch, start_version_batch
    from detections.mistakes.actions import start_search
    from detections.videos.actions import start_video
    from tests.datasets.sources.films import pan, write_video
    from tests.detections.builders import upload

    version = models[0].run.version
    first, second = (evaluate_here(model, version, "train", lambda *_: None) for model in models)
    film = write_video(folder / "a walk through the hall with the droids in it, take 14.mp4", pan(24))
    found = {
        "batch": start_version_batch(models[0], version, "train", user),
        "uploaded": start_upload_batch(models[0], [upload(LONG), upload("notes.txt", b"no image")], user),
        "search": start_search(dataset, models[0], user),
        "video": start_video(models[0], SimpleUploadedFile(film.name, film.read_bytes()), user, 0.3),
    }
    for row in found.values():
        wait(row.job)
    numbers = {kind: row.pk for kind, row in found.items()}
    runs = {"run": models[0].run.pk, "other_run": models[1].run.pk, "failed_run": models[1].run.pk + 1}
    return {
        "version": version.number,
        "model": models[0].pk,
        "evaluation": first.pk,
        "other": second.pk,
        **runs,
        **numbers,
    }


def wait(job: Any) -> None:
    for _ in range(1200):
        job.refresh_from_db()
        if not job.is_active:
            assert job.state == "succeeded", job.error
            return
        time.sleep(0.1)
    raise AssertionError(f"{job.title} is not done")
