"""Changes to the labels of many images: each image gets a revision, and the whole can be taken back.

Work goes in chunks, each one short transaction, so that people can label meanwhile; what they saved in between is
never overwritten.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import transaction
from django.db.models import F

from datasets.bulk import NewBox, insert_rows
from datasets.labels import boxes_as_json, label_values
from datasets.models import Box, BulkChange, Dataset, Image, ReviewState, Revision
from datasets.review.transitions import NOT_APPROVED, remember_many, settled_state
from datasets.traits import has_answer, refresh_traits

if TYPE_CHECKING:
    from sw_site.accounts.models import User

CHUNK = 200
T = TypeVar("T")
Progress = Callable[[int, int], None]
#: Changes an image and its boxes in place and gives back the boxes to be written again; None leaves the image alone.
Edit = Callable[[Image, list[Box]], "list[Box] | None"]
STATE_FIELDS = ("state", "verified", "negative", "revision")


def silent(done: int, total: int) -> None:
    """Progress that nobody watches."""


def change_images(
    dataset: Dataset,
    image_ids: Sequence[int],
    edit: Edit,
    summary: str,
    user: User | None,
    fields: Sequence[str] = (),
    progress: Progress = silent,
) -> BulkChange:
    """Run `edit` over images of the dataset; `fields` are those of `Box` it may write.

    The change knows how many images it touched; with none it is still there, to be told about.
    """
    change = BulkChange.objects.create(dataset=dataset, user=user, summary=summary[:200])
    done = 0
    for chunk in chunks(image_ids):
        with transaction.atomic():
            change.images += _change_chunk(change, chunk, edit, fields)
            change.save(update_fields=["images"])
        done += len(chunk)
        progress(done, len(image_ids))
    return change


def chunks(ids: Sequence[T], size: int = CHUNK) -> Iterator[Sequence[T]]:
    return (ids[start : start + size] for start in range(0, len(ids), size))


def _change_chunk(change: BulkChange, ids: Sequence[int], edit: Edit, fields: Sequence[str]) -> int:
    images = list(Image.objects.select_for_update().filter(dataset=change.dataset_id, pk__in=ids).defer("fingerprint"))
    boxes = boxes_by_image(image.pk for image in images)
    remember_present(images, boxes)
    approved = approved_labels(images, boxes)
    touched, written = [], []
    for image in images:
        changed = edit(image, boxes[image.pk])
        if changed is not None:
            touched.append(image)
            written.extend(changed)
    if written:
        Box.objects.bulk_update(written, fields)
    record(change, touched, boxes, relabelled=relabelled(approved, touched, boxes))
    return len(touched)


def boxes_by_image(image_ids: Iterable[int]) -> dict[int, list[Box]]:
    found: dict[int, list[Box]] = defaultdict(list)
    for box in Box.objects.filter(image__in=list(image_ids)):
        found[box.image_id].append(box)
    return found


def remember_present(images: Iterable[Image], boxes: dict[int, list[Box]]) -> None:
    """A revision of the present state for images that have none of it, so that there is a way back."""
    numbers = {image.pk: image.revision for image in images}
    known = set(Revision.objects.filter(image__in=numbers, number=F("image__revision")).values_list("image", flat=True))
    insert_rows(
        Revision,
        [_revision(image, boxes[image.pk], "as it was before", None) for image in images if image.pk not in known],
    )


def approved_labels(images: Iterable[Image], boxes: dict[int, list[Box]]) -> dict[int, Any]:
    """What is approved now, by image: to be compared by `relabelled` when the images have been changed."""
    approved = (image for image in images if image.state == ReviewState.APPROVED)
    return {image.pk: (image.negative, label_values(boxes[image.pk])) for image in approved}


def relabelled(approved: dict[int, Any], images: Iterable[Image], boxes: dict[int, list[Box]]) -> set[int]:
    """Ids of approved images whose labels are not those that were approved any more."""
    there = [image for image in images if image.pk in approved]
    return {image.pk for image in there if approved[image.pk] != (image.negative, label_values(boxes[image.pk]))}


def record(
    change: BulkChange,
    images: Sequence[Image],
    boxes: Mapping[int, Sequence[Box | NewBox]],
    summaries: Mapping[int, str] | None = None,
    *,
    relabelled: Collection[int] = (),
    approved: Collection[int] = (),
) -> None:
    """Count up the revision of changed images, and keep what they now hold.

    `summaries` says by image what was done to it, where that is not the same for all. Images of `relabelled` lose
    their approval, those of `approved` get it (back).
    """
    before, said = {image.pk: image.state for image in images}, dict(summaries or {})
    for image in images:
        image.revision += 1
        answered = has_answer(boxes[image.pk]) or image.negative
        image.state = settled_state(image.state, answered, image.pk in relabelled)
        if image.pk in approved and answered:
            image.state = ReviewState.APPROVED
        ended = before[image.pk] == ReviewState.APPROVED != image.state
        summary = said.get(image.pk, change.summary)
        said[image.pk] = f"{summary[:170]}, {NOT_APPROVED}" if ended else summary
    Image.objects.bulk_update(images, STATE_FIELDS)
    for state in {image.state for image in images if image.state != before[image.pk]}:
        moved = {image.pk: (before[image.pk], image.revision) for image in images if image.state == state}
        remember_many(moved, change.dataset_id, state, change.user)
    rows = [_revision(image, boxes[image.pk], said[image.pk], change) for image in images]
    insert_rows(Revision, rows)
    refresh_traits(image.pk for image in images)


def _revision(image: Image, boxes: Sequence[Box | NewBox], summary: str, change: BulkChange | None) -> Revision:
    values: dict[str, Any] = {"verified": image.verified, "negative": image.negative, "boxes": boxes_as_json(boxes)}
    return Revision(
        image=image,
        number=image.revision,
        user_id=change.user_id if change else None,
        summary=summary[:200],
        change=change,
        **values,
    )
