"""Whom hidden checks measure: people who label. Others are excused, by a manager or when they take all labels away."""

from __future__ import annotations

from typing import Any

from datasets.models import (
    CheckAnswer,
    CheckSet,
    Dataset,
    Image,
    Lease,
    NotMeasured,
    ReviewEvent,
    ReviewState,
    Revision,
)
from datasets.models.review import Work
from datasets.review.hidden import hidden_ids
from sw_site.accounts.roles import Role
from sw_site.lib.errors import UserError


def labels_here(user: Any, dataset: Dataset) -> bool:
    """May the person label here, and have they, or are they to: dealt photos to label, or with one from the queue?"""
    if dataset.role_of(user) < Role.ANNOTATOR:
        return False
    return any(
        rows.exists()
        for rows in (
            ReviewEvent.objects.filter(dataset=dataset, user=user.pk, after=ReviewState.LABELLED),
            Revision.objects.filter(image__dataset=dataset, user=user.pk, change=None),
            Image.objects.filter(dataset=dataset, assignee=user.pk),
            Lease.objects.filter(dataset=dataset, user=user.pk, work=Work.LABEL),
            CheckAnswer.objects.filter(item__check_set__dataset=dataset, user=user.pk),
        )
    )


def has_checks_to_come(user: Any, dataset: Dataset) -> bool:
    """Would the person find checks that they have still to answer among all the labels?"""
    return not all(hidden_ids(user, dataset).values())


def hand_over_all_labels(user: Any, dataset: Dataset) -> None:
    """Before anybody gets the labels of the whole dataset.

    People who do not label here get them and are not measured from then on, for they have seen the trusted boxes.

    Raises:
        UserError: somebody who labels here has checks to come (403).
    """
    if not has_checks_to_come(user, dataset):
        return
    if labels_here(user, dataset):
        whom = dataset.created_by or "an administrator"
        raise UserError(
            "checks_to_come",
            f"This dataset has hidden checks that may still be handed to you, so all of its labels together are not "
            f"for you yet. Ask {whom} for the file, or to excuse you from the checks.",
            403,
        )
    excuse(dataset, user, None)


def excuse(dataset: Dataset, user: Any, by: Any) -> None:
    """Hand the person no more checks; they see the trusted boxes. Answers they have given keep counting."""
    check_set, _ = CheckSet.objects.get_or_create(dataset=dataset)
    NotMeasured.objects.get_or_create(check_set=check_set, user=user, defaults={"chosen_by": by})


def measure(dataset: Dataset, user: Any) -> None:
    """Hand the person checks again."""
    NotMeasured.objects.filter(check_set__dataset=dataset, user=user).delete()


def excused(dataset: Dataset) -> list[dict[str, Any]]:
    """Who is not measured, since when (ISO 8601), and by whose choice; None: all labels were given to them."""
    rows = NotMeasured.objects.filter(check_set__dataset=dataset).select_related("user", "chosen_by")
    return [
        {
            "person": row.user.get_username(),
            "since": row.created_at.isoformat(),
            "by": row.chosen_by.get_username() if row.chosen_by else None,
        }
        for row in rows
    ]
