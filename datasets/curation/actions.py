"""What can be done with many images at once. Each action takes ids and gives back a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F, Q
from django.db.models.lookups import GreaterThan

from datasets.curation.changes import CHUNK, Progress, change_images, chunks, silent
from datasets.models import Box, BulkChange, Dataset, Image, LabelClass, ReviewState, SavedView
from datasets.models.annotation import BoxSource
from datasets.review.transitions import remember_many
from datasets.traits import TRAITS
from sw_site.lib.errors import UserError

if TYPE_CHECKING:
    from sw_site.accounts.models import User

#: Bits of `Image.box_traits` that say: there are labels, and not only what a model proposes.
LABELS = TRAITS["person"] | TRAITS["import"]


@dataclass(frozen=True)
class Outcome:
    """What an action did: images changed, images left as they were and why, and the change that can be taken back."""

    sentence: str
    changed: int
    left: int = 0
    change: BulkChange | None = None


def photos(count: int) -> str:
    return f"{count:,} photo" if count == 1 else f"{count:,} photos"


def mark_verified(
    dataset: Dataset, ids: Sequence[int], user: User | None, value: bool = True, progress: Progress = silent
) -> Outcome:
    def edit(image: Image, boxes: list[Box]) -> list[Box] | None:
        if image.verified == value:
            return None
        image.verified = value
        return []

    word = "verified" if value else "no longer verified"
    change = change_images(dataset, ids, edit, word, user, progress=progress)
    return Outcome(f"{photos(change.images)} marked as {word}.", change.images, len(ids) - change.images, change)


def mark_negative(dataset: Dataset, ids: Sequence[int], user: User | None, progress: Progress = silent) -> Outcome:
    """ "Nothing here", for images without a box; those with boxes are left alone, because the two contradict."""

    def edit(image: Image, boxes: list[Box]) -> list[Box] | None:
        if image.negative or boxes:
            return None
        image.negative = True
        return []

    change = change_images(dataset, ids, edit, "nothing here", user, progress=progress)
    left = len(ids) - change.images
    said = f" {photos(left)} left alone: they have boxes, or were marked already." if left else ""
    return Outcome(f"{photos(change.images)} marked as “nothing here”.{said}", change.images, left, change)


def relabel(
    dataset: Dataset,
    ids: Sequence[int],
    user: User | None,
    target: LabelClass,
    source: LabelClass | None = None,
    progress: Progress = silent,
) -> Outcome:
    """Boxes of class `source` (of any class when None) on these images become `target`."""
    if {target.dataset_id, source.dataset_id if source else dataset.pk} != {dataset.pk}:
        raise UserError("unknown_class", "Both classes must be of this dataset. Reload the page and choose again.", 422)

    def edit(image: Image, boxes: list[Box]) -> list[Box] | None:
        wrong = [b for b in boxes if b.label_class_id != target.pk and (not source or b.label_class_id == source.pk)]
        for box in wrong:
            box.label_class_id = target.pk
        return wrong or None

    summary = f"{source or 'every class'} → {target}"
    change = change_images(dataset, ids, edit, summary, user, ["label_class_id"], progress)
    sentence = f"Boxes of {photos(change.images)} relabelled: {summary}."
    return Outcome(sentence, change.images, len(ids) - change.images, change)


def accept_proposals(dataset: Dataset, ids: Sequence[int], user: User | None, progress: Progress = silent) -> Outcome:
    """What models drew becomes labels, as if a person had drawn it."""

    def edit(image: Image, boxes: list[Box]) -> list[Box] | None:
        found = [box for box in boxes if box.source == BoxSource.MODEL]
        for box in found:
            box.source, box.score = BoxSource.PERSON, None
        return found or None

    change = change_images(dataset, ids, edit, "proposals accepted", user, ["source", "score"], progress)
    sentence = f"Proposals of {photos(change.images)} accepted as labels."
    return Outcome(sentence, change.images, len(ids) - change.images, change)


def remove_proposals(dataset: Dataset, ids: Sequence[int], user: User | None, progress: Progress = silent) -> Outcome:
    """Boxes that models drew and nobody accepted go away; labels stay."""

    def edit(image: Image, boxes: list[Box]) -> list[Box] | None:
        found = {box.pk for box in boxes if box.source == BoxSource.MODEL}
        if not found:
            return None
        Box.objects.filter(pk__in=found).delete()
        boxes[:] = [box for box in boxes if box.pk not in found]
        return []

    change = change_images(dataset, ids, edit, "proposals removed", user, progress=progress)
    sentence = f"Proposals of {photos(change.images)} removed."
    return Outcome(sentence, change.images, len(ids) - change.images, change)


def set_state(dataset: Dataset, ids: Sequence[int], state: str, user: User | None = None) -> Outcome:
    """Approve, return or reopen. An image that nobody has answered cannot be approved, nor called labelled."""
    if state not in ReviewState.values:
        raise UserError("unknown_state", f"There is no state “{state}”. Choose one of the list.", 422)
    changed = 0
    for chunk in chunks(ids):
        images = dataset.images.filter(pk__in=chunk).exclude(state=state)
        if state in (ReviewState.LABELLED, ReviewState.APPROVED):
            images = images.filter(Q(negative=True) | Q(GreaterThan(F("box_traits").bitand(LABELS), 0)))
        with transaction.atomic():
            found = {pk: (before, number) for pk, before, number in images.values_list("pk", "state", "revision")}
            changed += dataset.images.filter(pk__in=found).update(state=state)
            remember_many(found, dataset.pk, state, user)
    left = len(ids) - changed
    said = f" {photos(left)} left alone: they have no boxes and are not “nothing here”, or were so already."
    return Outcome(f"{photos(changed)} now {ReviewState(state).label.lower()}.{said if left else ''}", changed, left)


def assign(dataset: Dataset, ids: Sequence[int], person: User | None) -> Outcome:
    changed = sum(dataset.images.filter(pk__in=chunk).update(assignee=person) for chunk in chunks(ids))
    return Outcome(f"{photos(changed)} assigned to {person or 'nobody'}.", changed, len(ids) - changed)


def delete_images(dataset: Dataset, ids: Sequence[int], progress: Progress = silent) -> Outcome:
    """Images with their boxes and history. Frozen versions keep theirs: files are named by content and stay."""
    gone = 0
    for chunk in chunks(ids, CHUNK):
        with transaction.atomic():
            _, counts = dataset.images.filter(pk__in=chunk).delete()
        gone += counts.get("datasets.Image", 0)
        progress(gone, len(ids))
    return Outcome(f"{photos(gone)} deleted, with boxes and history. Frozen versions keep them.", gone, len(ids) - gone)


def add_to_view(dataset: Dataset, ids: Sequence[int], user: User, name: str) -> Outcome:
    """Put images into a hand-picked view of the person, made when there is none of that name."""
    name = name.strip()[:100]
    if not name:
        raise UserError("view_without_name", "Give the view a name, for example “Check again”.", 422)
    view, _ = SavedView.objects.get_or_create(dataset=dataset, user=user, name=name)
    if view.query:
        raise UserError("view_is_filter", f"“{name}” is a saved filter. Choose another name for picked photos.", 422)
    before = view.images.count()
    for chunk in chunks(ids):
        view.images.add(*dataset.images.filter(pk__in=chunk).values_list("pk", flat=True))
    added = view.images.count() - before
    return Outcome(f"{photos(added)} added to the view “{name}”.", added, len(ids) - added)
