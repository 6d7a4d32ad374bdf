"""Tokens and service accounts over the API."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Router, Schema, Status
from ninja.pagination import paginate
from pydantic import Field

from sw_site.lib.schemas import Body
from sw_site.team.models import ApiToken, ServiceAccount
from sw_site.team.tokens import MOST_DAYS, USUAL_DAYS, make_service, make_token, revoke, service_called

router = Router(tags=["tokens"])


class TokenIn(Body):
    """`scope`: read, label, train or admin. `datasets`: short names; none is all that are seen."""

    name: str = Field(max_length=100)
    scope: str = Field("read", max_length=10)
    days: int = Field(USUAL_DAYS, ge=1, le=MOST_DAYS)
    datasets: list[str] = Field([], max_length=1000)


class TokenOut(Schema):
    """`limited`: to the datasets named. `begins`: how the key begins."""

    id: int
    name: str
    begins: str
    scope: str
    datasets: list[str]
    limited: bool
    state: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    last_used_from: str | None

    @staticmethod
    def resolve_datasets(token: ApiToken) -> list[str]:
        return [dataset.slug for dataset in token.datasets.all()]

    @staticmethod
    def resolve_limited(token: ApiToken) -> bool:
        return token.is_limited


class NewTokenOut(TokenOut):
    """`key` is shown here and never again."""

    key: str


class ServiceIn(Body):
    name: str = Field(max_length=150)
    purpose: str = Field("", max_length=200)


class ServiceOut(Schema):
    name: str
    purpose: str
    active: bool
    created_at: datetime

    @staticmethod
    def resolve_name(service: ServiceAccount) -> str:
        return service.user.get_username()

    @staticmethod
    def resolve_active(service: ServiceAccount) -> bool:
        return service.user.is_active


def made(user: Any, body: TokenIn, by: Any) -> Status[ApiToken]:
    token, key = make_token(user, body.name, body.scope, body.days, body.datasets, by)
    token.key = key  # type: ignore[attr-defined]
    return Status(201, token)


@router.get("/tokens", response=list[TokenOut])
@paginate
def list_tokens(request: HttpRequest) -> QuerySet[ApiToken]:
    """Your own tokens."""
    return ApiToken.objects.filter(user=request.user.pk).prefetch_related("datasets")


@router.post("/tokens", response={201: NewTokenOut})
def create_token(request: HttpRequest, body: TokenIn) -> Status[ApiToken]:
    return made(request.user, body, request.user)


@router.delete("/tokens/{int:number}", response={204: None})
def revoke_token(request: HttpRequest, number: int) -> Status[None]:
    """One of your own tokens opens nothing any more."""
    revoke(get_object_or_404(ApiToken, pk=number, user=request.user.pk))
    return Status(204, None)


@router.get("/services", response=list[ServiceOut])
@paginate
def list_services(request: HttpRequest) -> QuerySet[ServiceAccount]:
    """Service accounts (administrators)."""
    return ServiceAccount.objects.select_related("user")


@router.post("/services", response={201: ServiceOut})
def create_service(request: HttpRequest, body: ServiceIn) -> Status[ServiceAccount]:
    by: Any = request.user
    return Status(201, make_service(body.name, body.purpose, by))


@router.get("/services/{str:name}/tokens", response=list[TokenOut])
@paginate
def list_service_tokens(request: HttpRequest, name: str) -> QuerySet[ApiToken]:
    return ApiToken.objects.filter(user=service_called(name).user).prefetch_related("datasets")


@router.post("/services/{str:name}/tokens", response={201: NewTokenOut})
def create_service_token(request: HttpRequest, name: str, body: TokenIn) -> Status[ApiToken]:
    return made(service_called(name).user, body, request.user)


@router.delete("/services/{str:name}/tokens/{int:number}", response={204: None})
def revoke_service_token(request: HttpRequest, name: str, number: int) -> Status[None]:
    revoke(get_object_or_404(ApiToken, pk=number, user=service_called(name).user))
    return Status(204, None)
