"""An action chosen on the page, through the API or on the command line, with its details as plain values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model

from datasets.access import permit_user
from datasets.browsing.filters import GridFilter
from datasets.curation import actions
from datasets.curation.actions import Outcome
from datasets.curation.changes import Progress, silent
from datasets.models import Dataset, LabelClass, ReviewState, Work
from datasets.review import checks
from datasets.review.assigning import deal, told
from sw_site.accounts.roles import Role
from sw_site.lib.errors import UserError

if TYPE_CHECKING:
    from sw_site.accounts.models import User


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
    permit_user(user, dataset, needs(order))
    return ACTIONS[order.action](dataset, ids, order, user, progress)


def needs(order: Order) -> Role:
    """The role an order needs: labelling is the annotators', judging and dealing out the reviewers'."""
    if order.action == "state" and order.state not in (ReviewState.UNLABELLED, ReviewState.LABELLED):
        return Role.REVIEWER
    return ACTION_ROLES.get(order.action, Role.ANNOTATOR)


def chosen_ids(dataset: Dataset, ids: Sequence[int], everything: bool, query: str) -> list[int]:
    """Ids of the ticked images, or of all that match the filter in `query`; UserError where it means nothing."""
    images = GridFilter.parse_strictly(query).apply(dataset) if everything else dataset.images.filter(pk__in=ids)
    return list(images.order_by("pk").values_list("pk", flat=True))


def target_class(dataset: Dataset, order: Order) -> LabelClass:
    """The class the boxes are to get, made now when a new one is asked for."""
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
    return actions.relabel(dataset, ids, user, target_class(dataset, order), source, progress)


def _assign_review(
    dataset: Dataset, ids: Sequence[int], order: Order, user: User | None, progress: Progress
) -> Outcome:
    person = _person(order)
    shares = deal(dataset, ids, [person] if person else [], Work.REVIEW)
    return Outcome(told(shares, Work.REVIEW), sum(share.images for share in shares))


def _check(dataset: Dataset, ids: Sequence[int], order: Order, user: User | None, progress: Progress) -> Outcome:
    added, left = checks.choose(dataset, ids, user)
    said = (
        f" {actions.photos(left)} left alone: they are checks already, damaged, or without an answer." if left else ""
    )
    return Outcome(f"{actions.photos(added)} added to the hidden checks.{said}", added, left)


def _person(order: Order) -> User | None:
    person = get_user_model().objects.filter(pk=order.person, is_active=True).first() if order.person else None
    if order.person and person is None:
        raise UserError("unknown_person", "That person is not there any more. Reload the page and choose again.", 422)
    return person


def _assign(dataset: Dataset, ids: Sequence[int], order: Order, user: User | None, progress: Progress) -> Outcome:
    return actions.assign(dataset, ids, _person(order))


def _view(dataset: Dataset, ids: Sequence[int], order: Order, user: User | None, progress: Progress) -> Outcome:
    if user is None:
        raise UserError("view_of_nobody", "A view belongs to a person. Add to it on the site, signed in.", 422)
    return actions.add_to_view(dataset, ids, user, order.view)


ACTION_ROLES = {
    "assign": Role.REVIEWER,
    "assign_review": Role.REVIEWER,
    "delete": Role.REVIEWER,
    "check": Role.MANAGER,
}
ACTIONS: dict[str, Performer] = {
    "verify": lambda dataset, ids, order, user, progress: actions.mark_verified(dataset, ids, user, True, progress),
    "unverify": lambda dataset, ids, order, user, progress: actions.mark_verified(dataset, ids, user, False, progress),
    "negative": lambda dataset, ids, order, user, progress: actions.mark_negative(dataset, ids, user, progress),
    "accept": lambda dataset, ids, order, user, progress: actions.accept_proposals(dataset, ids, user, progress),
    "unpropose": lambda dataset, ids, order, user, progress: actions.remove_proposals(dataset, ids, user, progress),
    "state": lambda dataset, ids, order, user, progress: actions.set_state(dataset, ids, order.state, user),
    "assign": _assign,
    "assign_review": _assign_review,
    "check": _check,
    "relabel": _relabel,
    "view": _view,
    "delete": lambda dataset, ids, order, user, progress: actions.delete_images(dataset, ids, progress),
}
