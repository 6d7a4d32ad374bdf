"""Curation in the API: classes, acting on many images, taking it back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Router, Schema, Status
from ninja.pagination import paginate
from pydantic import Field

from datasets.access import dataset_for
from datasets.browsing import GridFilter, page_of
from datasets.curation import classes as act
from datasets.curation.dispatch import Order, chosen_ids
from datasets.curation.duplicates import decide, find_pairs, keep_one
from datasets.curation.groups import decide_group, keep_of_group, like_groups
from datasets.curation.jobs import merge_or_submit, outcome_as_json, perform_or_submit
from datasets.curation.undo import undo_change
from datasets.health.detectors import DEFAULT
from datasets.health.report import health_report
from datasets.models import LabelClass
from sw_site.jobs.models import Job
from sw_site.lib.schemas import Asked, Body, Id

router = Router(tags=["datasets"])


class ImageOut(Schema):
    id: int = Field(alias="pk")
    file_name: str
    width: int
    height: int
    state: str
    verified: bool
    negative: bool
    box_count: int
    url: str = Field(alias="original_url")


class ImagesOut(Schema):
    items: list[ImageOut]
    count: int
    next: str
    previous: str


class ActIn(Body):
    """Either `ids`, or `filter` as in the address of the grid ("?state=labelled"; "" is every image)."""

    action: str
    ids: list[Id] = Field(default=[], max_length=10_000)
    filter: str | None = None
    state: str = ""
    person: Id | None = None
    source: Id | None = None
    target: Id | None = None
    new_class: str = ""
    view: str = ""


class ClassOut(Schema):
    id: int = Field(alias="pk")
    number: int
    name: str
    colour: str
    key: str
    aliases: list[str]
    retired: bool


class ClassIn(Body):
    name: str


class ClassPatch(Body):
    name: str | None = None
    colour: str | None = None
    hotkey: str | None = None
    aliases: list[str] | None = None
    retired: bool | None = None


class MergeIn(Body):
    into: Id


class OrderIn(Body):
    ids: list[Id]


class LabelMapIn(Body):
    text: str = Field(max_length=1024 * 1024)


class ChangeOut(Schema):
    id: int = Field(alias="pk")
    summary: str
    images: int
    created_at: datetime
    undone_at: datetime | None


class PairOut(Schema):
    id: int = Field(alias="pk")
    first: int = Field(alias="first_id")
    second: int = Field(alias="second_id")
    bits: int
    decision: str


class GroupOut(Schema):
    images: list[int]
    bits: int
    decision: str


class GroupIn(Body):
    """The `images` of a group, and either a `decision` or `keep`: the image that stays, while the others go."""

    images: list[Id] = Field(max_length=10_000)
    decision: str = ""
    keep: Id | None = None
    move_boxes: bool = True


class DecideIn(Body):
    decision: str = ""
    keep: Id | None = None
    move_boxes: bool = True


def answer(outcome: Any) -> Any:
    """What was done, or the job that does it (202)."""
    if isinstance(outcome, Job):
        return Status(202, {"job": outcome.pk, "sentence": f"{outcome.title}: this runs in the background."})
    return Status(200, outcome_as_json(outcome))


@router.get("/{slug}/images", response=ImagesOut)
def list_images(request: HttpRequest, slug: str, after: Asked = "", before: Asked = "", limit: int = 100) -> Any:
    """Images of a filter, by the parameters of the grid's address; `next` goes into `after`."""
    found = GridFilter.read(request.GET)
    images = found.apply(dataset_for(request, slug), request.user)
    page = page_of(images, found.sort, after, before, min(max(limit, 1), 1000), request.user)
    return {"items": page.images, "count": images.count(), "next": page.next, "previous": page.previous}


@router.post("/{slug}/images/act", response={200: dict[str, Any], 202: dict[str, Any]})
def act_on_images(request: HttpRequest, slug: str, body: ActIn) -> Any:
    dataset = dataset_for(request, slug)
    values = body.dict()
    ids, query = values.pop("ids"), values.pop("filter")
    chosen = chosen_ids(dataset, ids, query is not None, query or "")
    return answer(perform_or_submit(dataset, chosen, Order(**values), request.user))  # type: ignore[arg-type]


@router.get("/{slug}/changes", response=list[ChangeOut])
@paginate
def list_changes(request: HttpRequest, slug: str) -> Any:
    return dataset_for(request, slug).changes.all()


@router.post("/{slug}/changes/{pk}/undo", response=ChangeOut)
def undo(request: HttpRequest, slug: str, pk: int) -> Any:
    changes = dataset_for(request, slug).changes.select_related("dataset")
    return undo_change(get_object_or_404(changes, pk=pk), request.user)  # type: ignore[arg-type]


@router.get("/{slug}/report", response=dict[str, Any])
def dataset_report(request: HttpRequest, slug: str, detector: str = DEFAULT, input_size: int | None = None) -> Any:
    return health_report(dataset_for(request, slug), detector, input_size)


@router.post("/{slug}/duplicates/find", response=dict[str, Any])
def find_duplicates(request: HttpRequest, slug: str) -> Any:
    """Compare all images now. For very many, the page does it in the background."""
    return find_pairs(dataset_for(request, slug))


@router.get("/{slug}/duplicates", response=list[PairOut])
@paginate
def list_duplicates(request: HttpRequest, slug: str, decided: bool = False) -> Any:
    pairs = dataset_for(request, slug).pairs.all()
    return pairs.exclude(decision="") if decided else pairs.filter(decision="")


@router.get("/{slug}/duplicates/groups", response=list[GroupOut])
@paginate
def list_groups(request: HttpRequest, slug: str, decided: bool = False) -> Any:
    """Everything that looks alike, as groups: what is reached from one image through pairs."""
    return like_groups(dataset_for(request, slug), decided)


@router.post("/{slug}/duplicates/groups", response=dict[str, Any])
def settle_group(request: HttpRequest, slug: str, body: GroupIn) -> Any:
    """Say "both", "shot" or "" (decide again) of all pairs among these images, or keep one and delete the others."""
    dataset, user = dataset_for(request, slug), request.user
    if body.keep is not None:
        return outcome_as_json(keep_of_group(dataset, body.images, body.keep, user, body.move_boxes))  # type: ignore[arg-type]
    return {"decision": body.decision, "pairs": decide_group(dataset, body.images, body.decision, user)}  # type: ignore[arg-type]


@router.post("/{slug}/duplicates/{pk}", response=dict[str, Any])
def decide_duplicate(request: HttpRequest, slug: str, pk: int, body: DecideIn) -> Any:
    """Either a `decision` ("both", "shot", or "" to decide again), or `keep`: the image that stays."""
    pair = get_object_or_404(dataset_for(request, slug).pairs, pk=pk)
    if body.keep is not None:
        return outcome_as_json(keep_one(pair, body.keep, request.user, body.move_boxes))  # type: ignore[arg-type]
    decide(pair, body.decision, request.user)  # type: ignore[arg-type]
    return {"decision": pair.decision}


@router.get("/{slug}/classes", response=list[ClassOut])
@paginate
def list_classes(request: HttpRequest, slug: str) -> Any:
    return dataset_for(request, slug).classes.all()


@router.post("/{slug}/classes", response={201: ClassOut})
def create_class(request: HttpRequest, slug: str, body: ClassIn) -> Any:
    return Status(201, act.add_class(dataset_for(request, slug), body.name))


@router.put("/{slug}/classes/order", response=list[ClassOut])
def order_classes(request: HttpRequest, slug: str, body: OrderIn) -> Any:
    dataset = dataset_for(request, slug)
    act.reorder_classes(dataset, body.ids)
    return dataset.classes.all()


@router.put("/{slug}/classes/label_map", response=list[ClassOut])
def read_label_map(request: HttpRequest, slug: str, body: LabelMapIn) -> Any:
    dataset = dataset_for(request, slug)
    act.import_label_map(dataset, body.text)
    return dataset.classes.all()


@router.get("/{slug}/classes/{pk}", response=ClassOut)
def get_class(request: HttpRequest, slug: str, pk: int) -> Any:
    return _class(request, slug, pk)


@router.patch("/{slug}/classes/{pk}", response=ClassOut)
def change_class(request: HttpRequest, slug: str, pk: int, body: ClassPatch) -> Any:
    found = _class(request, slug, pk)
    if body.name is not None:
        act.rename_class(found, body.name)
    if not (body.colour is None and body.hotkey is None and body.aliases is None):
        act.edit_class(
            found,
            colour=found.colour if body.colour is None else body.colour,
            hotkey=found.hotkey if body.hotkey is None else body.hotkey,
            aliases=found.aliases if body.aliases is None else body.aliases,
        )
    if body.retired is not None:
        act.retire_class(found, body.retired)
    return found


@router.post("/{slug}/classes/{pk}/merge", response={200: dict[str, Any], 202: dict[str, Any]})
def merge_class(request: HttpRequest, slug: str, pk: int, body: MergeIn) -> Any:
    source, target = _class(request, slug, pk), _class(request, slug, body.into)
    return answer(merge_or_submit(source, target, request.user))  # type: ignore[arg-type]


def _class(request: HttpRequest, slug: str, pk: int) -> LabelClass:
    return get_object_or_404(dataset_for(request, slug).classes.select_related("dataset"), pk=pk)
