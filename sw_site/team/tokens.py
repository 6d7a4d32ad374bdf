"""Making tokens of the API, finding whose they are, and taking them back."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone

from datasets.models import Dataset
from sw_site.lib.errors import UserError
from sw_site.team.models import ApiToken, Scope, ServiceAccount

if TYPE_CHECKING:
    from sw_site.accounts.models import User

BEGIN = "sw_"
MOST_DAYS = 3650
USUAL_DAYS = 90
#: `last_used_at` is not written more often than this.
SEEN_EVERY = timedelta(minutes=1)


def digest_of(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


@transaction.atomic
def make_token(
    user: User,
    name: str,
    scope: str = Scope.READ,
    days: int = USUAL_DAYS,
    datasets: Iterable[str] = (),
    by: User | None = None,
) -> tuple[ApiToken, str]:
    """A new token and its key, which is not kept. `datasets`: short names, of those the user sees; none is all.

    Raises:
        UserError: no name, no such scope or dataset, or days that are out of range.
    """
    name = name.strip()
    if not name or len(name) > 100:
        raise UserError("token_name", "Give the token a name of at most 100 letters, so that you know it again.", 422)
    if scope not in Scope.values:
        raise UserError("no_such_scope", f"There is no scope “{scope[:20]}”. Choose one of: {', '.join(Scope)}.", 422)
    if not 1 <= days <= MOST_DAYS:
        raise UserError("token_days", f"A token lives from 1 to {MOST_DAYS:,} days.", 422)
    chosen = [_dataset(user, slug) for slug in datasets]
    key = BEGIN + secrets.token_urlsafe(32)
    expires = timezone.now() + timedelta(days=days)
    token = ApiToken.objects.create(
        user=user, name=name, scope=scope, begins=key[:9], sha256=digest_of(key), expires_at=expires,
        is_limited=bool(chosen), created_by=by or user,
    )  # fmt: skip
    token.datasets.set(chosen)
    return token, key


def _dataset(user: User, slug: str) -> Dataset:
    found = Dataset.objects.visible_to(user).filter(slug=slug).first()
    if found is None:
        raise UserError("no_such_dataset", f"{user} sees no dataset with the short name “{slug[:60]}”.", 422)
    return found


def token_of(key: str, address: str = "") -> ApiToken | None:
    """The usable token of a key; its use is noted."""
    token = ApiToken.objects.usable().filter(sha256=digest_of(key)).select_related("user").first()
    if token is None:
        return None
    now = timezone.now()
    if token.last_used_at is None or now - token.last_used_at > SEEN_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now, last_used_from=address or None)
    if token.is_limited:
        # Every question about what the user sees asks for this (see datasets.models.DatasetQuerySet.open_to).
        token.user.only_datasets = frozenset(token.datasets.values_list("pk", flat=True))
    return token


def revoke(token: ApiToken) -> None:
    """From now on the key opens nothing; the row stays for the record."""
    ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now())


@transaction.atomic
def make_service(name: str, purpose: str = "", by: User | None = None) -> ServiceAccount:
    """A user for a program, without a password. Raises UserError for a name that is taken or cannot be one."""
    users = get_user_model()
    name = name.strip()
    if not name or len(name) > 150 or not all(c.isalnum() or c in "@.+-_" for c in name):
        raise UserError("bad_name", "A name has letters, digits and @ . + - _ only, and at most 150 of them.", 422)
    if users.objects.filter(username=name).exists():
        raise UserError("name_taken", f"There is a user called “{name}” already. Choose another name.", 409)
    user = users(username=name)
    user.set_unusable_password()
    user.save()
    return ServiceAccount.objects.create(user=user, purpose=purpose.strip()[:200], created_by=by)


def service_called(name: str) -> ServiceAccount:
    found = ServiceAccount.objects.filter(user__username=name).select_related("user").first()
    if found is None:
        raise UserError("no_such_service", f"There is no service account called “{name[:60]}”.", 404)
    return found
