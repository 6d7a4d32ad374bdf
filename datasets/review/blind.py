"""What stands in for an image that somebody was handed as a hidden check: their own answer, and nothing of the image's.

The editor, the label API and the history ask here first, so a person sees and saves their answer wherever they look.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction

from datasets.labels import box_as_json
from datasets.models import CheckAnswer, Image, ReviewState
from datasets.operations import Batch
from datasets.review.hidden import hidden_checks
from datasets.saving import BoxValues, check_classes, new_box


def answer_of(image: Image, user: Any) -> CheckAnswer | None:
    """The answer of a person from whom this check is hidden; None for everybody else.

    Whoever comes upon a check before it was handed to them has an answer that is not stored until they save it.
    """
    if not (user and user.pk and hasattr(image, "check_item")):
        return None
    item = hidden_checks(user).filter(image=image).first()
    if item is None:
        return None
    return CheckAnswer.objects.filter(item=item, user=user.pk).first() or CheckAnswer(item=item, user=user)


def answer_state(answer: CheckAnswer) -> dict[str, Any]:
    """The answer as the label API tells of an image."""
    return {
        "revision": answer.revision,
        "state": ReviewState.LABELLED.value if answer.is_given else ReviewState.UNLABELLED.value,
        "verified": answer.verified,
        "negative": answer.negative,
        "boxes": answer.boxes,
    }


@transaction.atomic
def answer_boxes(
    answer: CheckAnswer, image: Image, boxes: Sequence[BoxValues], verified: bool, negative: bool
) -> CheckAnswer:
    """The whole list at once. One person writes it, so the last save counts."""
    return _write(_locked(answer), _rows(image, boxes), verified, negative)


@transaction.atomic
def answer_batch(answer: CheckAnswer, image: Image, batch: Batch) -> CheckAnswer:
    """What changed. Each operation says what its box is to be, so one that comes twice does nothing."""
    locked = _locked(answer)
    boxes = {row["id"]: row for row in locked.boxes}
    drawn = _rows(image, [one.box for one in batch.operations if one.box])
    boxes |= {row["id"]: row for row in drawn}
    for one in batch.operations:
        if one.box is None:
            boxes.pop(str(one.id), None)
    verified = locked.verified if batch.verified is None else batch.verified
    negative = locked.negative if batch.negative is None else batch.negative
    return _write(locked, list(boxes.values()), verified, negative)


def _locked(answer: CheckAnswer) -> CheckAnswer:
    whose = {"item": answer.item_id, "user": answer.user_id}
    if answer.pk is None:
        CheckAnswer.objects.get_or_create(item_id=answer.item_id, user_id=answer.user_id)
    return CheckAnswer.objects.select_for_update().get(**whose)


def _rows(image: Image, boxes: Sequence[BoxValues]) -> list[dict[str, Any]]:
    """Checked as boxes of the image are, but never made rows."""
    check_classes(image, boxes)
    return [box_as_json(new_box(image, values, None)) for values in boxes]


def _write(answer: CheckAnswer, boxes: Iterable[dict[str, Any]], verified: bool, negative: bool) -> CheckAnswer:
    answer.boxes, answer.verified = list(boxes), verified
    answer.negative = negative and not answer.boxes
    answer.revision += 1
    answer.save(update_fields=["boxes", "verified", "negative", "revision"])
    return answer
