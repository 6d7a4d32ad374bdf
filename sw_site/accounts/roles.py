"""Roles: what a person may do in one dataset, and in the whole site."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db.models import IntegerChoices

from sw_site.lib.errors import UserError


class Role(IntegerChoices):
    """Each role may do what those before it may. The numbers are stored; the gaps leave room for others."""

    NOBODY = 0, "Nobody"
    VIEWER = 10, "Viewer"
    ANNOTATOR = 20, "Annotator"
    REVIEWER = 30, "Reviewer"
    MANAGER = 40, "Manager"
    #: Of the whole site; `User.is_staff` says who. Never stored as the role in a dataset.
    ADMINISTRATOR = 90, "Administrator"

    @property
    def word(self) -> str:
        """The role as addresses, the API and commands spell it."""
        return self.name.lower()


#: What a member of a dataset can be.
MEMBER_ROLES = (Role.VIEWER, Role.ANNOTATOR, Role.REVIEWER, Role.MANAGER)
ROLE_HELP = {
    Role.VIEWER: "sees photos, labels, runs and models, tries models and takes exports",
    Role.ANNOTATOR: "also adds photos and labels them",
    Role.REVIEWER: "also approves, deals out work, settles duplicates and mistakes, detects and evaluates",
    Role.MANAGER: "also changes classes, freezes versions, trains, exports models and says who is a member",
}


def role_called(text: str, among: tuple[Role, ...] = MEMBER_ROLES) -> Role:
    """The role of this name; UserError naming those there are."""
    found = next((role for role in among if role.word == text.strip().lower()), None)
    if found is None:
        known = ", ".join(role.word for role in among)
        raise UserError("no_such_role", f"There is no role “{text[:40]}”. Choose one of: {known}.", 422)
    return found


def team_role() -> Role:
    """What everybody signed in may do in a dataset that is made now (setting SW_TEAM_ROLE)."""
    return role_called(settings.TEAM_ROLE, (Role.NOBODY, *MEMBER_ROLES))


class NotAllowed(UserError, PermissionDenied):
    """You see it, and may not change it. A page answers 403, the API 403 in its one error shape."""

    def __init__(self, needed: Role, here: str = "here") -> None:
        if needed == Role.ADMINISTRATOR:
            super().__init__("administrators_only", "This is for administrators of the site. Ask one of them.", 403)
            return
        message = (
            f"This needs the role {needed.word}. Somebody who manages {here} can give it to you, or do this for you."
        )
        super().__init__("not_allowed", message, 403)
