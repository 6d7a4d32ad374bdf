"""Of which images a person may not see the labels: those that are, or may be, a hidden check for them.

Pages, the API and exports that show labels ask here. To the person such an image looks as they left it themselves:
without a label, or with their own answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from datasets.models import (
    CheckAnswer,
    CheckImage,
    Dataset,
    Image,
    LabelClass,
    NotMeasured,
    ReviewEvent,
    ReviewState,
    Revision,
)
from sw_site.accounts.roles import Role


def hidden_checks(user: Any) -> QuerySet[CheckImage]:
    """Checks whose trusted boxes this person does not get to see.

    Those they were handed, and unless they manage the dataset those they might be: what they chose, judged or saved
    themselves they have seen. From people who are not measured nothing is hidden.
    """
    excused = NotMeasured.objects.filter(check_set=OuterRef("check_set"), user=user.pk)
    items = CheckImage.objects.filter(~Exists(excused))
    handed = Q(Exists(CheckAnswer.objects.filter(item=OuterRef("pk"), user=user.pk)))
    if user.is_staff:
        return items.filter(handed)
    judged = ReviewEvent.objects.filter(image=OuterRef("image"), user=user.pk).order_by()
    saved = Revision.objects.filter(image=OuterRef("image"), user=user.pk, change=None).order_by()
    managed = Q(check_set__dataset__in=Dataset.objects.open_to(user, Role.MANAGER))
    known = Q(chosen_by=user.pk) | managed | Q(Exists(judged)) | Q(Exists(saved))
    return items.filter(handed | ~known)


@dataclass(frozen=True)
class Hidden:
    """Images whose trusted boxes a person does not get to see: by id, and by digest for whatever a version froze."""

    ids: frozenset[int] = frozenset()
    digests: frozenset[str] = frozenset()


def hidden_images(user: Any, dataset: Dataset) -> Hidden:
    """For all that shows labels as they were frozen or compared; in one query. Nobody (the command line) sees all."""
    if user is None:
        return Hidden()
    rows = list(hidden_checks(user).filter(check_set__dataset=dataset).values_list("image_id", "image__sha256"))
    return Hidden(frozenset(pk for pk, _ in rows), frozenset(digest for _, digest in rows))


def hidden_ids(user: Any, dataset: Dataset) -> dict[int, bool]:
    """Ids of such images, and whether the person has answered."""
    images = hidden_checks(user).filter(check_set__dataset=dataset).values_list("image", flat=True)
    answers = _answers(user, list(images))
    return {pk: pk in answers and answers[pk].is_given for pk in images}


def _answers(user: Any, images: Iterable[int]) -> dict[int, CheckAnswer]:
    ids = list(images)
    found = CheckAnswer.objects.filter(item__image__in=ids, user=user.pk).select_related("item") if ids else []
    return {answer.item.image_id: answer for answer in found}


def blindfold(image: Image, answer: CheckAnswer | None) -> None:
    """Make the row in memory look as the person left it. It is not to be saved."""
    answer = answer or CheckAnswer()
    image.state = ReviewState.LABELLED if answer.is_given else ReviewState.UNLABELLED
    image.revision, image.verified, image.negative = answer.revision, answer.verified, answer.negative
    image.box_count = len(answer.boxes)


def veil(images: Iterable[Image], user: Any) -> None:
    """Do it to those of the images that are hidden from the person, with the boxes that are drawn over them."""
    rows = {image.pk: image for image in images}
    hidden = list(hidden_checks(user).filter(image__in=rows).values_list("image", flat=True))
    if not hidden:
        return
    answers = _answers(user, hidden)
    classes = LabelClass.objects.in_bulk({box["class_id"] for one in answers.values() for box in one.boxes})
    for pk in hidden:
        answer = answers.get(pk)
        blindfold(rows[pk], answer)
        rows[pk].drawn = [
            (classes[box["class_id"]].name, classes[box["class_id"]].colour, box["x1"], box["y1"], box["x2"], box["y2"])
            for box in (answer.boxes if answer else ())
            if box["class_id"] in classes
        ]
