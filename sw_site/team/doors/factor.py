"""The second factor of a person: whether there is one, taking it away, and what the audit trail hears of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from allauth.mfa import signals
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.dispatch import receiver

from sw_site.lib.errors import UserError
from sw_site.team.audit import write_sign_in
from sw_site.team.throttling import FAILED

RECOVERY = Authenticator.Type.RECOVERY_CODES


class Factor(NamedTuple):
    """`demanded`: the site wants one of this person (SW_SECOND_FACTOR). `codes_left`: recovery codes not used yet."""

    active: bool
    demanded: bool
    since: datetime | None
    last_used: datetime | None
    codes_left: int


def factor_of(user: Any) -> Factor:
    rows = {row.type: row for row in Authenticator.objects.filter(user=user)}
    app, codes = rows.get(Authenticator.Type.TOTP), rows.get(RECOVERY)
    left = len(codes.wrap().get_unused_codes()) if codes else 0
    used = max((row.last_used_at for row in rows.values() if row.last_used_at), default=None)
    return Factor(app is not None, is_demanded(user), app and app.created_at, used, left)


def has_factor(user: Any) -> bool:
    return bool(Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists())


def is_demanded(user: Any) -> bool:
    wanted = settings.SECOND_FACTOR
    return bool(wanted == "everybody" or (wanted == "administrators" and user.is_staff))


def take_away(user: Any) -> int:
    """For somebody who lost the phone and the codes. Returns how many authenticators are gone.

    Raises:
        UserError: there was none.
    """
    gone, _ = Authenticator.objects.filter(user=user).delete()
    if not gone:
        raise UserError("no_second_factor", f"{user.get_username()} has no second factor.", 404)
    return gone


@receiver(signals.authentication_failed)
def wrong_code(request: Any, user: Any, **kwargs: Any) -> None:
    write_sign_in(request, user.get_username(), None, FAILED)


@receiver(signals.authenticator_used)
def code_used(request: Any, user: Any, authenticator: Authenticator, **kwargs: Any) -> None:
    if authenticator.type == RECOVERY:
        write_sign_in(request, user.get_username(), user, "Used a recovery code")
