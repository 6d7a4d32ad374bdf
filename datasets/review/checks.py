"""Hidden checks: images with trusted boxes, handed out among the others as if nobody had labelled them.

What a person draws on one of them goes into their `CheckAnswer`, never onto the image, and is what the editor shows
them from then on. The boxes of the image are the trusted ones.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from datasets.labels import boxes_as_json
from datasets.models import (
    Box,
    CheckAnswer,
    CheckImage,
    CheckSet,
    Dataset,
    Image,
    NotMeasured,
    ReviewEvent,
    Revision,
)
from datasets.models.annotation import BoxSource
from datasets.review.matching import NOTHING, Score, score
from datasets.review.measured import excused
from sw_site.lib.errors import UserError

if TYPE_CHECKING:
    from sw_site.accounts.models import User

LEAST_EVERY, MOST_EVERY = 2, 1000


def choose(dataset: Dataset, ids: Sequence[int], user: User | None, every: int | None = None) -> tuple[int, int]:
    """Put images into the check set; (how many are new, how many were left out because they have no answer or are in).

    `every`: about one in so many images that the queue hands out is a check.
    """
    check_set, _ = CheckSet.objects.get_or_create(dataset=dataset)
    if every is not None:
        set_rate(check_set, every)
    fit = dataset.images.usable().filter(pk__in=ids, check_item=None).order_by("pk").values_list("pk", flat=True)
    items = [CheckImage(check_set=check_set, image_id=pk, chosen_by=user) for pk in fit]
    CheckImage.objects.bulk_create(items, ignore_conflicts=True)
    return len(items), len(ids) - len(items)


def set_rate(check_set: CheckSet, every: int) -> None:
    if not LEAST_EVERY <= every <= MOST_EVERY:
        raise UserError("bad_rate", f"One in how many images? Give a number from {LEAST_EVERY} to {MOST_EVERY}.", 422)
    check_set.every = every
    check_set.save(update_fields=["every"])


def drop(dataset: Dataset, ids: Iterable[int]) -> int:
    """Take images out of the check set, with the answers to them; the images stay."""
    gone = CheckImage.objects.filter(check_set__dataset=dataset, image__in=list(ids))
    count = gone.count()
    gone.delete()
    return count


def open_check(dataset: Dataset, user: User) -> Image | None:
    """A check the person was handed and is not through with."""
    if NotMeasured.objects.filter(check_set__dataset=dataset, user=user).exists():
        return None
    answers = CheckAnswer.objects.filter(item__check_set__dataset=dataset, user=user, finished_at=None)
    found = answers.select_related("item__image").first()
    return found.item.image if found else None


def due_check(dataset: Dataset, user: User) -> Image | None:
    """Hand out a check when it is time for one and there is one the person has not seen."""
    check_set = CheckSet.objects.filter(dataset=dataset).first()
    if check_set is None or check_set.not_measured.filter(user=user).exists():
        return None
    given = CheckAnswer.objects.filter(item__check_set=check_set, user=user).count()
    labelled = ReviewEvent.objects.filter(dataset=dataset, user=user, credited=True).count()
    if labelled + given < place_of_check(check_set, user.pk, given + 1):
        return None
    item = _unseen(check_set, user).first()
    if item is None:
        return None
    CheckAnswer.objects.get_or_create(item=item, user=user)
    return item.image


def place_of_check(check_set: CheckSet, user_id: int, number: int) -> int:
    """After how many images the person's check of this number comes: once in each `every`, where cannot be guessed."""
    jitter = zlib.crc32(f"{check_set.pk}:{user_id}:{number}".encode()) % check_set.every
    return number * check_set.every - jitter


def _unseen(check_set: CheckSet, user: User) -> QuerySet[CheckImage]:
    """Checks of others' choosing, on images that the person has neither labelled nor saved nor answered."""
    seen = CheckAnswer.objects.filter(item=OuterRef("pk"), user=user)
    own = ReviewEvent.objects.filter(image=OuterRef("image"), user=user).order_by()
    saved = Revision.objects.filter(image=OuterRef("image"), user=user, change=None).order_by()
    items = check_set.items.exclude(chosen_by=user).filter(~Exists(seen), ~Exists(own), ~Exists(saved))
    items = items.filter(image__defect="")
    return items.select_related("image")


def finish_check(image_id: int, user: User) -> None:
    """The person goes on; a check without an answer waits for them, as other images do."""
    for answer in CheckAnswer.objects.filter(item__image=image_id, user=user, finished_at=None):
        if answer.is_given:
            CheckAnswer.objects.filter(pk=answer.pk).update(finished_at=timezone.now())


def answer_scores(dataset: Dataset) -> list[tuple[CheckAnswer, Score]]:
    """Every answer that was given, with its score."""
    answers = list(
        CheckAnswer.objects.filter(item__check_set__dataset=dataset)
        .exclude(boxes=[], negative=False)
        .select_related("user", "item__image")
    )
    trusted = _trusted({answer.item.image_id for answer in answers})
    return [(answer, score(trusted.get(answer.item.image_id, []), answer.boxes)) for answer in answers]


def _trusted(image_ids: Iterable[int]) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = {}
    for box in Box.objects.filter(image__in=list(image_ids)).exclude(source=BoxSource.MODEL):
        found.setdefault(box.image_id, []).extend(boxes_as_json([box]))
    return found


def by_person(answers: Iterable[tuple[CheckAnswer, Score]]) -> list[dict[str, Any]]:
    """One row for each person: images answered, objects right, of another class, missed, extra, and the mean IoU."""
    totals: dict[Any, tuple[int, Score]] = {}
    for answer, result in answers:
        count, total = totals.get(answer.user, (0, NOTHING))
        totals[answer.user] = (count + 1, total + result)
    rows = [
        {
            "person": str(user),
            "images": count,
            "objects": total.trusted,
            "right": total.right,
            "wrong_class": total.wrong_class,
            "missed": total.missed,
            "extra": total.extra,
            "mean_iou": round(total.mean_iou, 4) if total.mean_iou is not None else None,
        }
        for user, (count, total) in totals.items()
    ]
    return sorted(rows, key=lambda row: str(row["person"]))


def as_json(dataset: Dataset) -> dict[str, Any]:
    """The check set as the API and the command line tell it."""
    check_set = CheckSet.objects.filter(dataset=dataset).first()
    images = list(CheckImage.objects.filter(check_set=check_set).values_list("image", flat=True)) if check_set else []
    every = check_set.every if check_set else None
    people = by_person(answer_scores(dataset))
    return {"every": every, "images": images, "people": people, "not_measured": excused(dataset)}
