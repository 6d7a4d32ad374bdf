"""The API of the registry: aliases, tags, stage, note, cards and lineage; the same functions as the pages."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from ninja import Router, Schema
from ninja.pagination import paginate

from datasets.access import image_for
from sw_site.lib.schemas import Body
from training import box_lineage, curating
from training.access import model_for
from training.api import ModelOut
from training.cards import model_card
from training.http import SignedInRequest
from training.lineage import lineage_json, uses_of
from training.models import ModelEvent, TrainedModel

router = Router(tags=["training"])


class DescribeIn(Body):
    """What is left out stays as it is."""

    stage: str | None = None
    tags: list[str] | None = None
    note: str | None = None


class ModelEventOut(Schema):
    at: datetime
    kind: str
    message: str
    user: str | None

    @staticmethod
    def resolve_user(event: ModelEvent) -> str | None:
        return event.user.get_username() if event.user else None


class VersionOfBoxOut(Schema):
    version: int
    number: int
    split: str


class BoxUseOut(Schema):
    box: str
    class_name: str
    versions: list[VersionOfBoxOut]
    learnt_by: list[int]


class UseOut(Schema):
    version: int
    number: int
    split: str
    boxes: int | None
    models: list[int]


@router.put("/models/{int:pk}/aliases/{name}", response=ModelOut)
def put_alias(request: SignedInRequest, pk: int, name: str) -> TrainedModel:
    """Let an alias of the model's dataset point at this model."""
    curating.move_alias(model_for(request, pk), name, request.user)
    return model_for(request, pk)


@router.delete("/models/{int:pk}/aliases/{name}", response=ModelOut)
def delete_alias(request: SignedInRequest, pk: int, name: str) -> TrainedModel:
    curating.drop_alias(model_for(request, pk), name, request.user)
    return model_for(request, pk)


@router.patch("/models/{int:pk}/description", response=ModelOut)
def describe(request: SignedInRequest, pk: int, data: DescribeIn) -> TrainedModel:
    model = model_for(request, pk)
    if data.stage is not None:
        curating.set_stage(model, data.stage, request.user)
    if data.tags is not None:
        curating.set_tags(model, data.tags, request.user)
    if data.note is not None:
        curating.set_note(model, data.note, request.user)
    return model


@router.get("/models/{int:pk}/card")
def card(request: SignedInRequest, pk: int) -> dict[str, Any]:
    return model_card(model_for(request, pk))


@router.get("/models/{int:pk}/lineage")
def lineage(request: SignedInRequest, pk: int) -> dict[str, Any]:
    return lineage_json(model_for(request, pk))


@router.get("/models/{int:pk}/history", response=list[ModelEventOut])
@paginate
def model_history(request: SignedInRequest, pk: int) -> QuerySet[ModelEvent]:
    return model_for(request, pk).history.select_related("user")


@router.get("/images/{int:pk}/uses", response=list[UseOut])
@paginate
def image_uses(request: SignedInRequest, pk: int) -> list[dict[str, Any]]:
    """The versions that hold a photo, and the models trained on them."""
    image = image_for(request, pk)
    return [
        {
            "version": use.version.pk,
            "number": use.version.number,
            "split": use.split,
            "boxes": use.boxes,
            "models": [model.pk for model in use.models],
        }
        for use in uses_of(image, request.user)
    ]


@router.get("/images/{int:pk}/boxes/uses", response=list[BoxUseOut])
@paginate
def boxes_uses(request: SignedInRequest, pk: int) -> list[dict[str, Any]]:
    """For each box of a photo: the versions it is in just as it is now, and the models that learnt it."""
    return box_lineage.as_json(box_lineage.boxes_uses_of(image_for(request, pk), request.user))
