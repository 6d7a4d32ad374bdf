"""Making, changing and trying webhooks."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING

from datasets.access import permit_user
from datasets.formats.records import FormatError
from datasets.models import Dataset
from sw_site.accounts.roles import NotAllowed, Role
from sw_site.lib.errors import UserError
from sw_site.lib.events import EVENTS
from sw_site.team.webhook_models import Delivery, Webhook
from sw_site.team.webhooks.delivering import start_delivery, submit_try
from sw_site.team.webhooks.sending import target_of

if TYPE_CHECKING:
    from sw_site.accounts.models import User

MOST = 50


def make_webhook(dataset: Dataset | None, url: str, events: Sequence[str], by: User | None = None) -> Webhook:
    """A new webhook; its secret is to be shown once.

    Raises:
        UserError: an address that is not allowed, an event there is not, or a person who may not (403).
    """
    if dataset is not None:
        permit_user(by, dataset, Role.MANAGER)
    elif by is not None and not by.is_staff:
        raise NotAllowed(Role.ADMINISTRATOR)
    unknown = [event for event in events if event not in EVENTS]
    if unknown or not events:
        raise UserError("no_such_event", f"Choose at least one event of: {', '.join(EVENTS)}.", 422)
    try:
        target_of(url.strip())
    except FormatError as error:
        raise UserError(error.code, error.message, 422) from error
    if Webhook.objects.filter(dataset=dataset).count() >= MOST:
        raise UserError("too_many", f"There are {MOST} webhooks already. Remove one first.", 409)
    secret = secrets.token_urlsafe(32)
    chosen = [event for event in EVENTS if event in events]
    return Webhook.objects.create(dataset=dataset, url=url.strip(), events=chosen, secret=secret, created_by=by)


def try_out(hook: Webhook) -> Delivery:
    """Send a `ping` now, to see whether it arrives."""
    return start_delivery(hook, "ping", hook.dataset, {"message": "This webhook works."})


def send_again(delivery: Delivery) -> Delivery:
    """The same event once more, as a delivery of its own."""
    again = Delivery.objects.create(webhook=delivery.webhook, event=delivery.event, body=delivery.body)
    submit_try(again)
    return again
