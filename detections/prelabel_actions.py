"""Asking for a pre-labelling: queued, or done in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction

from datasets.models import Dataset
from detections import jobs, label_next
from detections.models import DetectionBatch
from detections.prelabel import Prepared, Wish, prepare
from detections.sending import prepare_sending
from detections.targets import Answers
from sw_site.jobs.context import Reporter
from sw_site.jobs.models import Job, JobState
from sw_site.jobs.queue import create_job, run_here, submit
from sw_site.lib.errors import UserError
from training.models import TrainedModel

if TYPE_CHECKING:
    from sw_site.accounts.models import User


@transaction.atomic
def start_prelabel(model: TrainedModel, dataset: Dataset, wish: Wish, answers: Answers, user: User | None) -> Job:
    """A queued pre-labelling.

    Raises:
        ClassesDiffer: ask which class is which and come again with `answers`.
        UserError: nothing to do, or the model's files are gone.
    """
    prepared = prepare(model, dataset, wish, answers, user)
    return submit(jobs.run_prelabel, user=user, **job_of(model, dataset, prepared))


def prelabel_here(
    model: TrainedModel, dataset: Dataset, wish: Wish, answers: Answers, report: Reporter
) -> dict[str, Any]:
    """The same in this process; gives the job's result. What was written before an interruption stays."""
    with transaction.atomic():
        prepared = prepare(model, dataset, wish, answers, None)
        job = create_job(jobs.run_prelabel, **job_of(model, dataset, prepared))
    return result_of(job, report)


@transaction.atomic
def start_sending(batch: DetectionBatch, dataset: Dataset, wish: Wish, answers: Answers, user: User | None) -> Job:
    """What a batch found, to a dataset as proposals, queued. Raises like `start_prelabel`."""
    prepared = prepare_sending(batch, dataset, wish, answers, user)
    return submit(jobs.run_send, user=user, **sending_job(batch, dataset, prepared))


def send_here(
    batch: DetectionBatch, dataset: Dataset, wish: Wish, answers: Answers, report: Reporter
) -> dict[str, Any]:
    with transaction.atomic():
        prepared = prepare_sending(batch, dataset, wish, answers, None)
        job = create_job(jobs.run_send, **sending_job(batch, dataset, prepared))
    return result_of(job, report)


@transaction.atomic
def start_label_next(
    model: TrainedModel, dataset: Dataset, query: str, count: int, name: str, user: User
) -> DetectionBatch:
    """The photos to label next, queued; the batch's page tells when they are chosen. Raises UserError."""
    batch, payload = label_next_of(model, dataset, query, count, name, user)
    batch.job = submit(jobs.run_label_next, user=user, **payload)
    batch.save(update_fields=["job"])
    return batch


def label_next_here(
    model: TrainedModel, dataset: Dataset, query: str, count: int, name: str, user: User, report: Reporter
) -> dict[str, Any]:
    with transaction.atomic():
        batch, payload = label_next_of(model, dataset, query, count, name, user)
        batch.job = create_job(jobs.run_label_next, user=user, **payload)
        batch.save(update_fields=["job"])
    return result_of(batch.job, report)


def label_next_of(
    model: TrainedModel, dataset: Dataset, query: str, count: int, name: str, user: User
) -> tuple[DetectionBatch, dict[str, Any]]:
    batch, ids, view = label_next.prepare(model, dataset, query, count, name, user)
    return batch, {
        "kind": "label_next",
        "title": f"Choose what to label next in {dataset.name} with {model.name}",
        "payload": {"batch_id": batch.pk, "view_id": view.pk, "ids": ids, "count": count},
        "queue": "gpu",
        "subject_url": batch.get_absolute_url(),
    }


def result_of(job: Job, report: Reporter) -> dict[str, Any]:
    """Do it here and now. Raises UserError with the job's own sentence when it fails."""
    try:
        done = run_here(job, report)
    except KeyboardInterrupt:
        job.refresh_from_db()
        job.finish(JobState.CANCELLED, message="Cancelled from the keyboard.")
        raise
    if done.state != JobState.SUCCEEDED:
        raise UserError("prelabel_failed", done.error or done.message)
    return done.result or {}


def job_of(model: TrainedModel, dataset: Dataset, prepared: Prepared) -> dict[str, Any]:
    return {
        "kind": "prelabel",
        "title": f"Pre-label {prepared.images:,} photos of {dataset.name} with {model.name}",
        "payload": prepared.payload,
        "queue": "gpu",
        "subject_url": dataset.get_absolute_url(),
    }


def sending_job(batch: DetectionBatch, dataset: Dataset, prepared: Prepared) -> dict[str, Any]:
    return {
        "kind": "prelabel",
        "title": f"Send what {batch.model} found on {prepared.images:,} images to {dataset.name}",
        "payload": prepared.payload,
        "subject_url": dataset.get_absolute_url(),
    }
