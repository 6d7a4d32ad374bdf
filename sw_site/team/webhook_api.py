"""Webhooks over the API."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Router, Schema, Status
from ninja.pagination import paginate
from pydantic import Field

from datasets.access import dataset_for
from sw_site.lib.schemas import Body
from sw_site.team.webhook_models import Delivery, Webhook
from sw_site.team.webhooks.managing import make_webhook, send_again, try_out

router = Router(tags=["webhooks"])


class WebhookIn(Body):
    """`dataset`: a short name; empty is all datasets (administrators)."""

    url: str = Field(max_length=2000)
    events: list[str] = Field(max_length=20)
    dataset: str = Field("", max_length=110)


class WebhookOut(Schema):
    id: int
    url: str
    events: list[str]
    dataset: str | None
    active: bool
    created_at: datetime

    @staticmethod
    def resolve_dataset(hook: Webhook) -> str | None:
        return hook.dataset.slug if hook.dataset else None


class NewWebhookOut(WebhookOut):
    """`secret` is shown here and never again."""

    secret: str


class ActiveIn(Body):
    active: bool


class DeliveryOut(Schema):
    id: UUID
    event: str
    state: str
    tries: int
    status: int | None
    error: str
    body: str
    created_at: datetime
    next_at: datetime
    ended_at: datetime | None


def hook_for(request: HttpRequest, number: int) -> Webhook:
    return get_object_or_404(Webhook.objects.open_to(request.user).select_related("dataset"), pk=number)


@router.get("/webhooks", response=list[WebhookOut])
@paginate
def list_webhooks(request: HttpRequest) -> QuerySet[Webhook]:
    return Webhook.objects.open_to(request.user).select_related("dataset")


@router.post("/webhooks", response={201: NewWebhookOut})
def create_webhook(request: HttpRequest, body: WebhookIn) -> Status[Webhook]:
    by: Any = request.user
    dataset = dataset_for(request, body.dataset) if body.dataset else None
    return Status(201, make_webhook(dataset, body.url, body.events, by))


@router.get("/webhooks/{int:number}", response=WebhookOut)
def get_webhook(request: HttpRequest, number: int) -> Webhook:
    return hook_for(request, number)


@router.patch("/webhooks/{int:number}", response=WebhookOut)
def switch_webhook(request: HttpRequest, number: int, body: ActiveIn) -> Webhook:
    """On or off; while it is off nothing is sent, and what happens then is not sent later."""
    hook = hook_for(request, number)
    hook.active = body.active
    hook.save(update_fields=["active"])
    return hook


@router.delete("/webhooks/{int:number}", response={204: None})
def remove_webhook(request: HttpRequest, number: int) -> Status[None]:
    hook_for(request, number).delete()
    return Status(204, None)


@router.post("/webhooks/{int:number}/ping", response={202: DeliveryOut})
def ping_webhook(request: HttpRequest, number: int) -> Status[Delivery]:
    return Status(202, try_out(hook_for(request, number)))


@router.get("/webhooks/{int:number}/deliveries", response=list[DeliveryOut])
@paginate
def list_deliveries(request: HttpRequest, number: int) -> QuerySet[Delivery]:
    return hook_for(request, number).deliveries.all()


@router.post("/webhooks/{int:number}/deliveries/{uuid:delivery}/again", response={202: DeliveryOut})
def send_delivery_again(request: HttpRequest, number: int, delivery: UUID) -> Status[Delivery]:
    return Status(202, send_again(get_object_or_404(hook_for(request, number).deliveries, pk=delivery)))
