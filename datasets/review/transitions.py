"""Review states and the memory of them: every change from one to another is an event with a person and a time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from datasets.models import Image, ReviewEvent, ReviewState

if TYPE_CHECKING:
    from sw_site.accounts.models import User

#: A person who does nothing for so long has paused: the time is not counted as work.
PAUSE = timedelta(minutes=10)
VERDICTS = (ReviewState.APPROVED, ReviewState.RETURNED)


#: What the history says of a save that ends an approval.
NOT_APPROVED = "no longer approved"


def state_after_save(image: Image, answered: bool, user: User | None, relabelled: bool = True) -> str:
    """The state after somebody saved the image's boxes; what is on it is `answered` by boxes or “nothing here”.

    A verdict is about the labels that were looked at. Other labels (`relabelled`) are nobody's approval, and any save
    answers a return; only the person whose verdict it is may touch the labels up and leave it standing.
    """
    if answered and image.state in VERDICTS and user is not None and _judge(image) == user.pk:
        return image.state
    if answered and image.state == ReviewState.RETURNED:
        return ReviewState.LABELLED
    return settled_state(image.state, answered, relabelled)


def settled_state(state: str, answered: bool, relabelled: bool = False) -> str:
    """The same for a change of many images, which is nobody's answer to a note."""
    if not answered:
        return state if state == ReviewState.RETURNED else ReviewState.UNLABELLED
    ended = state == ReviewState.APPROVED and relabelled
    return ReviewState.LABELLED if ended or state == ReviewState.UNLABELLED else state


def _judge(image: Image) -> int | None:
    """Id of the person whose verdict the image's state is; 0 when nobody knows any more."""
    event = image.review_events.filter(after=image.state).first()
    return (event.user_id or 0) if event else 0


def remember(image: Image, before: str, user: User | None, when: datetime | None = None) -> None:
    """Write down that `image` went from `before` to the state it has; nothing where they are the same."""
    if image.state == before:
        return
    now = when or timezone.now()
    labels = image.state == ReviewState.LABELLED and before not in VERDICTS[:1]
    labeller = labeller_of(image.pk) if image.state in VERDICTS else None
    if labels:
        image.review_events.filter(credited=True).update(credited=False)
    ReviewEvent.objects.create(
        dataset_id=image.dataset_id,
        image=image,
        user=user,
        labeller_id=labeller,
        before=before,
        after=image.state,
        revision=image.revision,
        credited=labels,
        seconds=_seconds_since_last(image.dataset_id, user, now),
        created_at=now,
    )


def _seconds_since_last(dataset_id: int, user: User | None, now: object) -> int | None:
    last = (
        ReviewEvent.objects.filter(dataset=dataset_id, user=user, created_at__gt=timezone.now() - PAUSE)
        .order_by("-created_at")
        .values_list("created_at", flat=True)
        .first()
        if user
        else None
    )
    return round((now - last).total_seconds()) if last else None  # type: ignore[operator]


def labeller_of(image_id: int) -> int | None:
    """Id of the person who labelled the image last; None when it came labelled or is not labelled."""
    found = ReviewEvent.objects.filter(image=image_id, credited=True).values_list("user", flat=True)
    return found.first()


def remember_many(images: Mapping[int, tuple[str, int]], dataset_id: int, after: str, user: User | None) -> None:
    """The same for many images of a dataset at once: id -> (state before, revision). They count for nobody's pace."""
    moved = {pk: values for pk, values in images.items() if values[0] != after}
    events = ReviewEvent.objects.filter(image__in=moved, credited=True)
    labellers = dict(events.values_list("image", "user")) if after in VERDICTS and moved else {}
    # An approval that ends leaves the credit with whoever labelled the image.
    worked = after == ReviewState.LABELLED
    labels = {pk for pk, (before, _) in moved.items() if worked and before != ReviewState.APPROVED}
    if labels:
        events.filter(image__in=labels).update(credited=False)
    ReviewEvent.objects.bulk_create(
        ReviewEvent(
            dataset_id=dataset_id,
            image_id=pk,
            user=user,
            labeller_id=labellers.get(pk),
            before=before,
            after=after,
            revision=revision,
            credited=pk in labels,
        )
        for pk, (before, revision) in moved.items()
    )
