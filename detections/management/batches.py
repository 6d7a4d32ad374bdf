"""Batches of the site from the command line: done here or by a worker, and gone on with where they were stopped."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from datasets.lookup import dataset_by_name
from detections.actions import resume_batch, start_filter_batch
from detections.management.references import batch_of
from detections.models import Detection, DetectionBatch
from sw_site.jobs.waiting import wait_for
from sw_site.lib.errors import UserError
from training.lookup import model_of


def add_arguments(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("a batch, kept on the site")
    group.add_argument("--dataset", metavar="NAME", help="Detect on images of this dataset.")
    group.add_argument("--filter", metavar="F", help='As in the address of the grid: "state=unlabelled". Default: all.')
    group.add_argument("--resume", type=int, metavar="N", help="Go on with batch N where it was stopped.")
    group.add_argument("--queue", action="store_true", help="Hand it to a worker and return at once.")


def is_asked_for(options: dict[str, Any]) -> bool:
    return any(options[name] not in (None, False) for name in ("dataset", "filter", "resume", "queue"))


def run(options: dict[str, Any]) -> dict[str, Any]:
    """The batch as JSON, done unless a worker has it. Raises UserError when it cannot be started or fails."""
    check(options)
    batch = started(options)
    assert batch.job is not None  # noqa: S101 - it was made or checked with its job
    if not options["queue"]:
        kept = f"What it has found is kept; `manage.py detect --resume {batch.pk}` goes on."
        wait_for(batch.job, "Detect", quiet=options["json"], code="detection_failed", kept=kept)
    batch.refresh_from_db()
    return batch_json(batch)


def check(options: dict[str, Any]) -> None:
    resumes = options["resume"] is not None
    if options["paths"] or options["output"]:
        raise UserError(
            "bad_arguments",
            "A batch takes no paths and no --output: its results stay on the site. Leave them out, or leave out "
            "--dataset, --filter, --resume and --queue.",
        )
    if resumes and (options["model"] or options["dataset"] or options["filter"] is not None):
        raise UserError("bad_arguments", "--resume N goes on with what batch N was started with. Name nothing else.")
    if not resumes and not (options["model"] and options["dataset"]):
        raise UserError("bad_arguments", "Name a model and --dataset NAME, with --filter if not all of its images.")


def started(options: dict[str, Any]) -> DetectionBatch:
    deliver = options["queue"]
    if options["resume"] is not None:
        batch = batch_of(options["resume"])
        resume_batch(batch, deliver=deliver)
        return batch
    dataset, model = dataset_by_name(options["dataset"]), model_of(options["model"])
    return start_filter_batch(model, dataset, options["filter"] or "", None, deliver=deliver)


def batch_json(batch: DetectionBatch) -> dict[str, Any]:
    job = batch.job
    return {
        "batch": batch.pk,
        "model": batch.model.name,
        "dataset": batch.dataset.name if batch.dataset else None,
        "filter": batch.query,
        "state": job.state if job else "",
        "images": batch.images.count(),
        "boxes": Detection.objects.filter(image__batch=batch).count(),
        "min_score": batch.min_score,
        "url": batch.get_absolute_url(),
        "problems": batch.problems,
    }


def sentence(result: dict[str, Any]) -> str:
    where = f"batch {result['batch']} ({result['url']})"
    if result["state"] == "succeeded":
        return f"{result['boxes']:,} boxes on {result['images']:,} images, kept as {where}."
    return f"Handed to a worker as {where}."
