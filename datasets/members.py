"""Who is a member of a dataset, and as what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model
from django.db import transaction

from datasets.models import Dataset, Membership
from sw_site.accounts.roles import MEMBER_ROLES, Role, role_called
from sw_site.lib.errors import UserError

if TYPE_CHECKING:
    from sw_site.accounts.models import User


def person_called(username: str) -> User:
    """The active person of this name. Raises UserError 404."""
    found = get_user_model().objects.filter(username=username.strip()[:150], is_active=True).first()
    if found is None:
        message = (
            f"There is nobody called “{username[:60]}” here. Check the spelling, or ask an administrator to invite."
        )
        raise UserError("no_such_person", message, 404)
    return found


@transaction.atomic
def set_member(dataset: Dataset, username: str, role: str, by: User | None = None) -> Membership:
    """Make somebody a member, or give a member another role. Raises UserError for a name or role there is not."""
    person, wanted = person_called(username), role_called(role)
    before = dataset.memberships.filter(user=person).first()
    if before and before.role == Role.MANAGER and wanted != Role.MANAGER:
        _refuse_last_manager(dataset, person, by)
    member, _ = Membership.objects.update_or_create(dataset=dataset, user=person, defaults={"role": wanted})
    return member


@transaction.atomic
def remove_member(dataset: Dataset, username: str, by: User | None = None) -> None:
    """Take somebody's own role away; what everybody may do, they still may. Raises UserError 404."""
    member = dataset.memberships.filter(user__username=username).select_related("user").first()
    if member is None:
        raise UserError("no_such_member", f"“{username[:60]}” is not a member of {dataset.name}.", 404)
    if member.role == Role.MANAGER:
        _refuse_last_manager(dataset, member.user, by)
    member.delete()


def set_team_role(dataset: Dataset, role: str, by: User | None = None) -> Role:
    """What everybody on the site may do here without being a member. Raises UserError for a role there is not."""
    wanted = role_called(role, (Role.NOBODY, *MEMBER_ROLES))
    Dataset.objects.filter(pk=dataset.pk).update(team_role=wanted)
    dataset.team_role = wanted
    return wanted


def _refuse_last_manager(dataset: Dataset, person: User, by: User | None) -> None:
    """Only administrators (and the command line) leave a dataset without a manager."""
    others = dataset.memberships.select_for_update().filter(role=Role.MANAGER).exclude(user=person)
    if not others.exists() and by is not None and not by.is_staff:
        message = f"{person} is the only manager of {dataset.name}. Make somebody else a manager first."
        raise UserError("last_manager", message, 409)
