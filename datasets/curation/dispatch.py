"""An action chosen on the page, through the API or on the command line, with its details as plain values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model

from datasets.browsing.filters import GridFilter
from datasets.curation import actions
from datasets.curation.actions import Outcome
from datasets.curation.changes import Progress, silent
from datasets.curation.classes import merge_classes
from datasets.models import Dataset, LabelClass
from sw_site.jobs.context import JobContext
from sw_site.jobs.models import Job
from sw_site.jobs.queue import submit
from sw_site.lib.errors import UserError

if TYPE_CHECKING:
    from sw_site.accounts.models import User

#: Above this many images an action goes to the background.
AT_ONCE = 300


@dataclass(frozen=True)
class Order:
    """What to do with images. Only the details that the action needs are read; `source` and `target` are class ids."""

    action: str
    state: str = ""
    person: int | None = None
    source: int | None = None
    target: int | None = None
    new_class: str = ""
    view: str = ""


Performer = Callable[[Dataset, Sequence[int], Order, "User | None", Progress], Outcome]


def perform(
    dataset: Dataset, ids: Sequence[int], order: Order, user: User | None, progress: Progress = silent
) -> Outcome:
    """Do it now, to those of the ids that are images of the dataset.

    Raises:
        UserError: nothing chosen, no such action, or a detail that means nothing.
    """
    if order.action not in ACTIONS:
        known = ", ".join(ACTIONS)
        raise UserError("unknown_action", f"There is no action “{order.action}”. Choose one of: {known}.", 422)
    if not ids:
        raise UserError("nothing_chosen", "No photo is chosen. Tick some photos, or choose all that match.", 422)
    return ACTIONS[order.action](dataset, ids, order, user, progress)


def perform_or_submit(dataset: Dataset, ids: Sequence[int], order: Order, user: User) -> Outcome | Job:
    """Now for a handful, as a job for more."""
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


def run_order(context: JobContext, dataset_id: int, ids: list[int], order: dict[str, Any]) -> dict[str, Any] | None:
    """Job: an action on many images."""
    dataset = Dataset.objects.filter(pk=dataset_id).first()
    if dataset is None:
        return None

    def progress(done: int, total: int) -> None:
        context.check()
        context.progress(done, total, f"{done:,} of {total:,} photos")

    user = get_user_model().objects.filter(pk=context.job.user_id).first() if context.job.user_id else None
    outcome = perform(dataset, ids, Order(**order), user, progress)
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

    def progress(done: int, total: int) -> None:
        context.check()
        context.progress(done, total, f"{done:,} of {total:,} photos")

    user = get_user_model().objects.filter(pk=context.job.user_id).first() if context.job.user_id else None
    outcome = merge_classes(classes[source_id], classes[target_id], user, progress)
    context.progress(1, 1, outcome.sentence)
    return outcome_as_json(outcome)


def outcome_as_json(outcome: Outcome) -> dict[str, Any]:
    return {
        "sentence": outcome.sentence,
        "changed": outcome.changed,
        "left": outcome.left,
        "change": outcome.change.pk if outcome.change else None,
    }


def chosen_ids(dataset: Dataset, ids: Sequence[int], everything: bool, query: str) -> list[int]:
    """Ids of the ticked images, or of all that match the filter in `query`."""
    images = GridFilter.parse(query).apply(dataset) if everything else dataset.images.filter(pk__in=ids)
    return list(images.order_by("pk").values_list("pk", flat=True))


def _with_class(dataset: Dataset, order: Order) -> Order:
    """A new class is made before the job, so that the person sees it at once."""
    if order.action != "relabel" or not order.new_class.strip():
        return order
    target = _target(dataset, order)
    return Order(order.action, source=order.source, target=target.pk)


def _target(dataset: Dataset, order: Order) -> LabelClass:
    if name := order.new_class.strip()[:100]:
        return dataset.add_class(name)
    return _class(dataset, order.target, "Choose the class the boxes should get.")


def _class(dataset: Dataset, pk: int | None, otherwise: str) -> LabelClass:
    found = dataset.classes.filter(pk=pk).first() if pk else None
    if found is None:
        raise UserError("unknown_class", otherwise, 422)
    return found


def _relabel(dataset: Dataset, ids: Sequence[int], order: Order, user: User | None, progress: Progress) -> Outcome:
    gone = "The class to relabel is not there any more. Reload the page and choose again."
    source = _class(dataset, order.source, gone) if order.source else None
    return actions.relabel(dataset, ids, user, _target(dataset, order), source, progress)


def _assign(dataset: Dataset, ids: Sequence[int], order: Order, user: User | None, progress: Progress) -> Outcome:
    person = get_user_model().objects.filter(pk=order.person, is_active=True).first() if order.person else None
    if order.person and person is None:
        raise UserError("unknown_person", "That person is not there any more. Reload the page and choose again.", 422)
    return actions.assign(dataset, ids, person)


def _view(dataset: Dataset, ids: Sequence[int], order: Order, user: User | None, progress: Progress) -> Outcome:
    if user is None:
        raise UserError("view_of_nobody", "A view belongs to a person. Add to it on the site, signed in.", 422)
    return actions.add_to_view(dataset, ids, user, order.view)


ACTIONS: dict[str, Performer] = {
    "verify": lambda dataset, ids, order, user, progress: actions.mark_verified(dataset, ids, user, True, progress),
    "unverify": lambda dataset, ids, order, user, progress: actions.mark_verified(dataset, ids, user, False, progress),
    "negative": lambda dataset, ids, order, user, progress: actions.mark_negative(dataset, ids, user, progress),
    "state": lambda dataset, ids, order, user, progress: actions.set_state(dataset, ids, order.state),
    "assign": _assign,
    "relabel": _relabel,
    "view": _view,
    "delete": lambda dataset, ids, order, user, progress: actions.delete_images(dataset, ids, progress),
}
#: Actions that write a revision or more for each image, and how a job of theirs is called.
LONG = {
    "verify": "Verify",
    "unverify": "Unverify",
    "negative": "Mark as nothing here:",
    "relabel": "Relabel",
    "delete": "Delete",
}
