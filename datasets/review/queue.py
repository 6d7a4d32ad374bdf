"""The queue: hands out the next image to label or to review, and never the same one to two people.

An image on somebody's desk has a `Lease` row. It is taken by an insert that can happen once, or by an update that
holds only while the old lease has run out; who does not get it takes the next one. Nobody waits for anybody.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import chain
from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from datasets.models import Dataset, Image, Lease, ReviewEvent, ReviewState, Work
from datasets.models.image import ImageQuerySet
from datasets.review.checks import due_check, finish_check, open_check
from datasets.review.hidden import hidden_checks
from sw_site.accounts.roles import Role
from sw_site.lib.errors import UserError

if TYPE_CHECKING:
    from sw_site.accounts.models import User

LEASE = timedelta(minutes=30)
#: Who takes from which queue.
ROLE_FOR = {str(Work.LABEL): Role.ANNOTATOR, str(Work.REVIEW): Role.REVIEWER}
#: Looked up at a time; enough for as many people who ask in the same moment.
AHEAD = 20
#: What others put back behind the place that was looked at is found by the second look.
LOOKS = 2


def take_next(dataset: Dataset, user: User, work: str, done: int | None = None) -> Image | None:
    """The image to go on with: the one the person has already, else the next that is free; None when all is done.

    `done`: id of the image the person is through with. Where it has no answer it stays in the queue for later, and
    images after it come first.

    Raises:
        UserError: there is no such work (422).
    """
    if work not in Work.values:
        raise UserError("unknown_work", f"There is no work called “{work}”. Choose “label” or “review”.", 422)
    if done:
        release(dataset, user, done)
    held = _held(dataset, user, work)
    if held:
        return held
    if work == Work.LABEL and (check := due_check(dataset, user)):
        return check
    looks = chain.from_iterable(_candidates(dataset, user, work, done or 0) for _ in range(LOOKS))
    return next((image for image in looks if _claim(image, user, work)), None)


def release(dataset: Dataset, user: User, image_id: int) -> None:
    """Take the image off the person's desk; a check they have answered is finished by it."""
    Lease.objects.filter(image=image_id, dataset=dataset, user=user).delete()
    finish_check(image_id, user)


def renew(image: Image, user: User) -> bool:
    """Hold on to the image while its page is open; False when it went to somebody else meanwhile."""
    return bool(Lease.objects.filter(image=image, user=user).update(until=timezone.now() + LEASE))


def _held(dataset: Dataset, user: User, work: str) -> Image | None:
    """What the person has on the desk, for as long as nobody else has taken it over."""
    if work == Work.LABEL and (check := open_check(dataset, user)):
        return check
    lease = Lease.objects.filter(dataset=dataset, user=user, work=work).select_related("image").order_by("pk").first()
    if lease is None:
        return None
    if _is_done(lease) or not renew(lease.image, user):
        Lease.objects.filter(pk=lease.pk, user=user).delete()
        return None
    return lease.image


def _is_done(lease: Lease) -> bool:
    """A labelled image stays with its labeller while the lease runs: the first box is not the last one."""
    if lease.work == Work.REVIEW:
        return lease.image.state != ReviewState.LABELLED
    answered = lease.image.state in (ReviewState.LABELLED, ReviewState.APPROVED)
    return answered and lease.until <= timezone.now()


def _claim(image: Image, user: User, work: str) -> bool:
    now = timezone.now()
    lease = Lease(image=image, dataset_id=image.dataset_id, user=user, work=work, until=now + LEASE)
    expired = Lease.objects.filter(image=image, until__lte=now)
    if not expired.update(user=user, work=work, until=lease.until):
        Lease.objects.bulk_create([lease], ignore_conflicts=True)
    mine = Lease.objects.filter(image=image, user=user, work=work).exists()
    return mine and _still_to_do(image, user, work)


def _still_to_do(image: Image, user: User, work: str) -> bool:
    """Somebody may have finished the image between our look and our lease."""
    state = Image.objects.filter(pk=image.pk).values_list("state", flat=True).first()
    if state == image.state:
        return True
    Lease.objects.filter(image=image, user=user, work=work).delete()
    return False


def _candidates(dataset: Dataset, user: User, work: str, after: int) -> Iterator[Image]:
    """What the person may be given, best first: theirs before anybody's, and round from `after`."""
    for images in waiting(dataset, user, work):
        free = images.filter(~Exists(Lease.objects.filter(image=OuterRef("pk"), until__gt=timezone.now())))
        for part in (free.filter(pk__gt=after), free.filter(pk__lte=after)) if after else (free,):
            yield from _in_turn(part.order_by("pk"))


def _in_turn(images: ImageQuerySet) -> Iterator[Image]:
    last = 0
    while rows := list(images.filter(pk__gt=last).defer("fingerprint", "tags")[:AHEAD]):
        yield from rows
        last = rows[-1].pk


def waiting(dataset: Dataset, user: User, work: str) -> list[ImageQuerySet]:
    """Images that wait for this person, in queues that are emptied one after the other."""
    images = Image.objects.filter(dataset=dataset, defect="").exclude(pk__in=hidden_checks(user).values("image"))
    if work == Work.REVIEW:
        labelled = images.filter(state=ReviewState.LABELLED).filter(~_labelled_by(user) if _others(user) else Q())
        return [labelled.filter(reviewer=user), labelled.filter(reviewer=None)]
    unlabelled = images.filter(state=ReviewState.UNLABELLED)
    returned = images.filter(state=ReviewState.RETURNED)
    return [
        returned.filter(_labelled_by(user)),
        returned.filter(assignee=user),
        unlabelled.filter(assignee=user),
        unlabelled.filter(assignee=None),
    ]


def _labelled_by(user: User) -> Exists:
    return Exists(ReviewEvent.objects.filter(image=OuterRef("pk"), credited=True, user=user).order_by())


def _others(user: User) -> bool:
    """Is there anybody else who could review what this person labelled?"""
    return get_user_model().objects.filter(is_active=True).exclude(pk=user.pk).exists()
