"""Inviting people: by a link that is passed on, or by mail; each link works once."""

from __future__ import annotations

import logging
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import send_mail
from django.core.validators import validate_email
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from datasets.lookup import dataset_by_name
from datasets.models import Dataset, Membership
from sw_site.accounts.roles import NotAllowed, Role, role_called
from sw_site.lib.errors import UserError
from sw_site.team.invitation_models import Invitation
from sw_site.team.tokens import digest_of

if TYPE_CHECKING:
    from sw_site.accounts.models import User

USUAL_DAYS, MOST_DAYS = 7, 90
logger = logging.getLogger(__name__)


def invite(
    email: str = "", dataset: str = "", role: str = "", days: int = USUAL_DAYS, by: User | None = None
) -> tuple[Invitation, str]:
    """A new invitation and its key, which is not kept. `dataset` is a short name; without it the site alone is meant.

    Raises:
        UserError: no such dataset or role, no mail address, days out of range; 403 where `by` may not invite there.
    """
    email = email.strip()
    if email:
        check_address(email)
    if not 1 <= days <= MOST_DAYS:
        raise UserError("invitation_days", f"An invitation is open from 1 to {MOST_DAYS} days.", 422)
    wanted = invited_to(dataset, by)
    key = secrets.token_urlsafe(32)
    invitation = Invitation.objects.create(
        email=email, dataset=wanted, role=role_called(role or Role.ANNOTATOR.word), sha256=digest_of(key),
        created_by=by, expires_at=timezone.now() + timedelta(days=days),
    )  # fmt: skip
    return invitation, key


def check_address(email: str) -> None:
    try:
        validate_email(email)
    except ValidationError:
        raise UserError(
            "bad_email", f"“{email[:80]}” is no mail address. Write it like name@example.org.", 422
        ) from None


def invited_to(slug: str, by: User | None) -> Dataset | None:
    """The dataset an invitation is to. Administrators and the command line invite anywhere, managers to their own."""
    if not slug:
        if by is not None and not by.is_staff:
            raise UserError("which_dataset", "Say which of your datasets the person is to work in.", 422)
        return None
    if by is None:
        return dataset_by_name(slug)
    found = Dataset.objects.visible_to(by).filter(slug=slug).first()
    if found is None:
        raise UserError("no_such_dataset", f"There is no dataset “{slug[:60]}” that you may see.", 404)
    if found.role_of(by) < Role.MANAGER:
        raise NotAllowed(Role.MANAGER, found.name)
    return found


def path_of(key: str) -> str:
    """Where the link leads. The key is no part of the path, which logs keep."""
    return f"{reverse('team:join')}?{urlencode({'key': key})}"


def open_invitation(key: str) -> Invitation:
    """Raises UserError 404 for a link that opens nothing (any more)."""
    found = Invitation.objects.open().filter(sha256=digest_of(key)).select_related("dataset", "created_by").first()
    if found is None:
        raise UserError(
            "no_invitation", "This invitation was used, taken back, or has expired. Ask for another one.", 404
        )
    return found


@transaction.atomic
def accept(invitation: Invitation, user: User) -> None:
    """The person comes in; the link works no more. UserError 404 when somebody else was quicker."""
    now = timezone.now()
    if not Invitation.objects.open().filter(pk=invitation.pk).update(used_at=now, used_by=user):
        open_invitation("")
    if invitation.dataset:
        member, made = Membership.objects.get_or_create(
            dataset=invitation.dataset, user=user, defaults={"role": invitation.role}
        )
        if not made and member.role < invitation.role:
            Membership.objects.filter(pk=member.pk).update(role=invitation.role)


def take_back(invitation: Invitation) -> None:
    """UserError 409 for one that is not open."""
    if not Invitation.objects.open().filter(pk=invitation.pk).update(revoked_at=timezone.now()):
        raise UserError("not_open", "This invitation is not open any more.", 409)


def send_by_mail(invitation: Invitation, link: str) -> str:
    """Sends the link to the invitation's address; gives what to tell whoever invites: it is never lost by a mail."""
    if not invitation.email:
        return "Pass the link on."
    if not settings.EMAIL_HOST:
        return "No mail server is set up (SW_MAIL_HOST), so pass the link on yourself."
    who = invitation.created_by.get_username() if invitation.created_by else "An administrator"
    where = f"the dataset “{invitation.dataset.name}”" if invitation.dataset else "the site"
    text = (
        f"{who} invites you to {where} on sw_site.\n\n{link}\n\nThe link works once, until "
        f"{invitation.expires_at:%d %B %Y}. If you do not know what this is about, do nothing.\n"
    )
    try:
        send_mail("An invitation", text, None, [invitation.email])
    except OSError as error:
        logger.warning("An invitation could not be sent: %s", error)
        return f"The mail could not be sent ({error}), so pass the link on yourself."
    return f"Sent to {invitation.email}."
