"""Curation in the background: a handful of images is done at once, many are a job that shows its progress."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model

from datasets.access import permit_user
from datasets.curation.actions import Outcome
from datasets.curation.classes import merge_classes
from datasets.curation.dispatch import Order, needs, perform, target_class
from datasets.curation.undo import undo_change
from datasets.models import BulkChange, Dataset, LabelClass
from sw_site.jobs.context import JobContext
from sw_site.jobs.errors import JobError
from sw_site.jobs.models import Job
from sw_site.jobs.queue import submit
from sw_site.lib.errors import UserError

if TYPE_CHECKING:
    from datasets.curation.changes import Progress
    from sw_site.accounts.models import User

#: Above this many images an action goes to the background.
AT_ONCE = 300
#: Actions that write a revision or more for each image, and how a job of theirs is called.
LONG = {
    "verify": "Verify",
    "unverify": "Unverify",
    "negative": "Mark as nothing here:",
    "relabel": "Relabel",
    "accept": "Accept the proposals on",
    "unpropose": "Remove the proposals from",
    "delete": "Delete",
}


def perform_or_submit(dataset: Dataset, ids: Sequence[int], order: Order, user: User) -> Outcome | Job:
    """Now for a handful, as a job for more."""
    permit_user(user, dataset, needs(order))
    if len(ids) <= AT_ONCE or order.action not in LONG:
        return perform(dataset, ids, order, user)
    order = _with_class(dataset, order)
    return submit(
        run_order,
        kind="curate",
        title=f"{LONG[order.action]} {len(ids):,} photos of {dataset.name}"[:200],
        payload={"dataset_id": dataset.pk, "ids": list(ids), "order": asdict(order)},
        user=user,
        subject_url=dataset.get_absolute_url(),
    )


def _with_class(dataset: Dataset, order: Order) -> Order:
    """A new class is made before the job, so that the person sees it at once."""
    if order.action != "relabel" or not order.new_class.strip():
        return order
    target = target_class(dataset, order)
    return Order(order.action, source=order.source, target=target.pk)


@contextmanager
def told_as_job_error() -> Iterator[None]:
    """What a person can do something about ends a job with its own sentence."""
    try:
        yield
    except UserError as error:
        raise JobError(error.message) from error


def run_order(context: JobContext, dataset_id: int, ids: list[int], order: dict[str, Any]) -> dict[str, Any] | None:
    """Job: an action on many images."""
    dataset = Dataset.objects.filter(pk=dataset_id).first()
    if dataset is None:
        return None
    with told_as_job_error():
        outcome = perform(dataset, ids, Order(**order), who(context), progress_of(context))
    context.progress(1, 1, outcome.sentence)
    return outcome_as_json(outcome)


def merge_or_submit(source: LabelClass, target: LabelClass, user: User) -> Outcome | Job:
    """Merge two classes now, or as a job where many images have the class that goes."""
    dataset = source.dataset
    count = dataset.images.filter(boxes__label_class=source).distinct().count()
    if count <= AT_ONCE or source.pk == target.pk:
        return merge_classes(source, target, user)
    return submit(
        run_merge,
        kind="curate",
        title=f"Merge {source} into {target}, on {count:,} photos"[:200],
        payload={"source_id": source.pk, "target_id": target.pk},
        user=user,
        subject_url=dataset.get_absolute_url(),
    )


def run_merge(context: JobContext, source_id: int, target_id: int) -> dict[str, Any] | None:
    """Job: one class becomes another."""
    classes = LabelClass.objects.select_related("dataset").in_bulk([source_id, target_id])
    if len(classes) < 2:
        return None
    with told_as_job_error():
        outcome = merge_classes(classes[source_id], classes[target_id], who(context), progress_of(context))
    context.progress(1, 1, outcome.sentence)
    return outcome_as_json(outcome)


def undo_or_submit(change: BulkChange, user: User) -> BulkChange | Job:
    """Take a change back now, or as a job where it touched many images."""
    if change.images <= AT_ONCE or change.undone_at:
        return undo_change(change, user)
    return submit(
        run_undo,
        kind="curate",
        title=f"Take back on {change.images:,} photos: {change.summary}"[:200],
        payload={"change_id": change.pk},
        user=user,
        subject_url=change.dataset.get_absolute_url(),
    )


def run_undo(context: JobContext, change_id: int) -> dict[str, Any] | None:
    """Job: take a change back."""
    change = BulkChange.objects.select_related("dataset").filter(pk=change_id).first()
    if change is None:
        return None
    with told_as_job_error():
        again = undo_change(change, who(context), progress_of(context))
    context.progress(1, 1, f"{again.images:,} photos are as they were.")
    return {"changed": again.images, "left": change.images - again.images, "change": again.pk}


def outcome_as_json(outcome: Outcome) -> dict[str, Any]:
    return {
        "sentence": outcome.sentence,
        "changed": outcome.changed,
        "left": outcome.left,
        "change": outcome.change.pk if outcome.change else None,
    }


def progress_of(context: JobContext) -> Progress:
    def progress(done: int, total: int) -> None:
        context.step(done, total, f"{done:,} of {total:,} photos")

    return progress


def who(context: JobContext) -> User | None:
    """The person who started the job, while there is one."""
    return get_user_model().objects.filter(pk=context.job.user_id).first() if context.job.user_id else None
