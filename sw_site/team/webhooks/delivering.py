"""From an event to deliveries, and from deliveries to tries, each a job; what fails is tried again later."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from django.db.models import F, Q
from django.utils import timezone

from datasets.formats.records import FormatError
from datasets.models import Dataset
from sw_site.jobs.context import JobContext
from sw_site.jobs.models import Job
from sw_site.jobs.queue import submit
from sw_site.team.webhook_models import Delivery, DeliveryState, Webhook
from sw_site.team.webhooks.sending import send

#: Seconds until the next try, after each one that failed; then it is given up.
WAITS = (30, 120, 600, 3_600, 21_600, 86_400)
#: What was delivered or given up is kept so long.
LOG_DAYS = 30
KIND = "webhook"
MOST_AT_ONCE = 500


def on_event(sender: Any, event: str, dataset_id: int, facts: dict[str, Any], **kwargs: Any) -> None:
    """A delivery for every active webhook that wants to know."""
    dataset = Dataset.objects.filter(pk=dataset_id).first()
    if dataset is None:
        return
    hooks = Webhook.objects.filter(Q(dataset=None) | Q(dataset=dataset), active=True)
    for hook in hooks:
        if event in hook.events:
            start_delivery(hook, event, dataset, facts)


def start_delivery(hook: Webhook, event: str, dataset: Dataset | None, facts: dict[str, Any]) -> Delivery:
    delivery = Delivery(webhook=hook, event=event)
    about = {"name": dataset.name, "slug": dataset.slug} if dataset else None
    told = {"id": str(delivery.pk), "event": event, "at": timezone.now().isoformat(), "dataset": about, "data": facts}
    delivery.body = json.dumps(told)
    delivery.save()
    submit_try(delivery)
    return delivery


def submit_try(delivery: Delivery) -> Job:
    """Its next try is in a minute's time the sweep's, should the job be lost before it ran."""
    Delivery.objects.filter(pk=delivery.pk).update(next_at=timezone.now() + timedelta(seconds=60))
    title = f"Tell {delivery.webhook.url[:120]} of {delivery.event}"
    return submit(try_delivery, kind=KIND, title=title, payload={"delivery_id": str(delivery.pk)}, max_attempts=1)


def try_delivery(context: JobContext, delivery_id: str) -> dict[str, Any] | None:
    """One try. A failure is in the log of deliveries; the job itself did what it was to do."""
    waiting = Delivery.objects.filter(pk=delivery_id, state=DeliveryState.WAITING)
    delivery = waiting.select_related("webhook").first()
    if delivery is None:
        return None
    hook, now = delivery.webhook, timezone.now()
    # Who takes it counts the try first, so that two jobs for one delivery make one request.
    taken = waiting.filter(tries=delivery.tries).update(tries=F("tries") + 1, next_at=now + timedelta(seconds=120))
    if not taken or not hook.active:
        return None
    status, error = None, ""
    try:
        status = send(hook.url, hook.secret, delivery.event, str(delivery.pk), delivery.body)
    except FormatError as refused:
        error = refused.message
    if status is not None and 200 <= status < 300:
        waiting.update(state=DeliveryState.DELIVERED, status=status, error="", ended_at=timezone.now())
    else:
        note_failure(delivery, status, error or f"It answered {status}.")
    return {"status": status, "error": error}


def note_failure(delivery: Delivery, status: int | None, error: str) -> None:
    rows = Delivery.objects.filter(pk=delivery.pk)
    if delivery.tries >= len(WAITS):
        rows.update(state=DeliveryState.FAILED, status=status, error=error[:300], ended_at=timezone.now())
    else:
        later = timezone.now() + timedelta(seconds=WAITS[delivery.tries])
        rows.update(status=status, error=error[:300], next_at=later)


def submit_due() -> None:
    """Tries that are due, for the schedule; old lines of the log go."""
    due = Delivery.objects.filter(state=DeliveryState.WAITING, next_at__lte=timezone.now(), webhook__active=True)
    for delivery in due.select_related("webhook")[:MOST_AT_ONCE]:
        submit_try(delivery)
    old = timezone.now() - timedelta(days=LOG_DAYS)
    Delivery.objects.filter(ended_at__lt=old).delete()
    Job.objects.filter(kind=KIND, finished_at__lt=timezone.now() - timedelta(days=1)).delete()
