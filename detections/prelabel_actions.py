"""Asking for proposals: by a model on a dataset's photos, by what a batch found, and on photos to label next.

Each is queued; with `submit=False` it is a job that waits to be done here, for the command line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction

from datasets.models import Dataset
from detections import jobs, label_next
from detections.models import DetectionBatch
from detections.prelabel import Prepared, Wish, prepare
from detections.sending import prepare_sending
from detections.targets import Answers
from sw_site.jobs.models import Job
from sw_site.jobs.queue import Work, create_job, enqueue
from training.models import TrainedModel

if TYPE_CHECKING:
    from sw_site.accounts.models import User


@transaction.atomic
def start_prelabel(
    model: TrainedModel, dataset: Dataset, wish: Wish, answers: Answers, user: User | None, *, submit: bool = True
) -> Job:
    """A model's boxes as proposals on the photos of a filter.

    Raises:
        ClassesDiffer: ask which class is which and come again with `answers`.
        UserError: nothing to do, or the model's files are gone.
    """
    prepared = prepare(model, dataset, wish, answers, user)
    title = f"Pre-label {prepared.images:,} photos of {dataset.name} with {model.name}"
    return proposing(jobs.run_prelabel, title, dataset, prepared, user, submit, queue="gpu")


@transaction.atomic
def start_sending(
    batch: DetectionBatch, dataset: Dataset, wish: Wish, answers: Answers, user: User | None, *, submit: bool = True
) -> Job:
    """What a batch found, to a dataset as proposals. Raises like `start_prelabel`."""
    prepared = prepare_sending(batch, dataset, wish, answers, user)
    title = f"Send what {batch.model} found on {prepared.images:,} images to {dataset.name}"
    return proposing(jobs.run_send, title, dataset, prepared, user, submit)


def proposing(
    work: Work, title: str, dataset: Dataset, prepared: Prepared, user: User | None, submit: bool, **fields: Any
) -> Job:
    fields |= {"payload": prepared.payload, "user": user, "subject_url": dataset.get_absolute_url()}
    return ready(create_job(work, kind="prelabel", title=title, **fields), submit)


@transaction.atomic
def start_label_next(
    model: TrainedModel, dataset: Dataset, query: str, count: int, name: str, user: User, *, submit: bool = True
) -> DetectionBatch:
    """The photos to label next; the batch's page tells when they are chosen. Raises UserError."""
    batch, ids, view = label_next.prepare(model, dataset, query, count, name, user)
    job = create_job(
        jobs.run_label_next,
        kind="label_next",
        title=f"Choose what to label next in {dataset.name} with {model.name}",
        payload={"batch_id": batch.pk, "view_id": view.pk, "ids": ids, "count": count},
        user=user,
        queue="gpu",
        subject_url=batch.get_absolute_url(),
    )
    batch.job = ready(job, submit)
    batch.save(update_fields=["job"])
    return batch


def ready(job: Job, submit: bool) -> Job:
    if submit:
        enqueue(job)
    return job
