"""The boxes of an image over the API: as a whole list, or as what changed."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest
from ninja import Router, Schema, Status
from ninja.pagination import paginate
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from datasets.access import image_for
from datasets.browsing import GridFilter
from datasets.browsing.jumps import find_image
from datasets.labels import boxes_as_json
from datasets.models import Image
from datasets.models.presence import arrive, leave
from datasets.operations import Batch, Operation, apply_to_locked, saved_already
from datasets.review.blind import answer_batch, answer_boxes, answer_of, answer_state
from datasets.revisions import restore_revision, revision_as_json
from datasets.saving import BoxValues, notes_on_edges, save_boxes
from sw_site.lib.schemas import Asked
from sw_site.lib.turns import in_turn

router = Router(tags=["labels"])
MOST_OPERATIONS = 5000
#: A number, and not a text that looks like one.
Pixel = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=-1e6, le=1e6)]
Revision = Annotated[int, Field(strict=True, ge=0, lt=2**31)]
Flag = Annotated[bool, Field(strict=True)]
Score = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0, le=1)]


class Strict(BaseModel):
    """Without what the API library's own base adds: eight boxes a save, a hundred saves a second."""

    model_config = ConfigDict(extra="forbid")


class ValuesIn(Strict):
    """Edges in pixels of the upright image; what lies outside it is cut off."""

    class_id: Annotated[int, Field(strict=True, ge=1, lt=2**63)]
    x1: Pixel
    y1: Pixel
    x2: Pixel
    y2: Pixel
    difficult: Flag = False
    truncated: Flag = False
    occluded: Flag = False
    source: Annotated[str, Field(pattern="^(person|import|model)$")] = "person"
    score: Score | None = None


class BoxIn(ValuesIn):
    """A box of a whole list. What else a box is told with (its pose, its tags) may be sent back and changes nothing."""

    model_config = ConfigDict(extra="ignore")
    id: uuid.UUID


def _named_once(rows: list[Any]) -> list[Any]:
    if len({row.id for row in rows}) < len(rows):
        raise ValueError("a box is named twice; say once what it is to be")
    return rows


class RevisionOut(Schema):
    number: int
    user: str
    when: str
    summary: str
    verified: bool
    negative: bool
    boxes: list[dict[str, Any]]


class SaveIn(Strict):
    base_revision: Revision
    verified: Flag = False
    negative: Flag = False
    boxes: Annotated[list[BoxIn], Field(max_length=MOST_OPERATIONS), AfterValidator(_named_once)]


class OperationIn(Strict):
    """`box`: what the box is to be, null to delete it; `was`: what it was when last heard of, null for a new one."""

    id: uuid.UUID
    box: ValuesIn | None = None
    was: ValuesIn | None = None


class OperationsIn(Strict):
    """`batch` is a number of the client's own for this save: sent twice, it is done once."""

    batch: uuid.UUID
    base_revision: Revision
    operations: Annotated[list[OperationIn], Field(max_length=MOST_OPERATIONS), AfterValidator(_named_once)] = []
    verified: Flag | None = None
    negative: Flag | None = None


@router.get("/images/{pk}/boxes")
def get_image_boxes(request: HttpRequest, pk: int) -> dict[str, Any]:
    image = image_for(request, pk)
    answer = answer_of(image, request.user)
    return answer_state(answer) if answer else image_state(image)


@router.put("/images/{pk}/boxes", url_name="save_image_boxes")
def save_image_boxes(request: HttpRequest, pk: int, body: SaveIn) -> dict[str, Any]:
    """Replace the boxes of an image, if it still is at `base_revision`; else 409 with its present state.

    `notes` of the answer are sentences for a person: what was cut to the photo.
    """
    image = image_for(request, pk)
    values = [BoxValues(**vars(box)) for box in body.boxes]
    notes = notes_on_edges(image, values)
    if answer := answer_of(image, request.user):
        return {**answer_state(answer_boxes(answer, image, values, body.verified, body.negative)), "notes": notes}
    saved = save_boxes(
        image,
        body.base_revision,
        values,
        verified=body.verified,
        negative=body.negative,
        user=request.user,  # type: ignore[arg-type]
    )
    return {**image_state(saved), "notes": notes}


@router.post("/images/{pk}/operations", url_name="save_image_operations")
def save_image_operations(request: HttpRequest, pk: int, body: OperationsIn) -> dict[str, Any]:
    """Change single boxes of an image, on top of what others saved meanwhile.

    409 with `current` and `conflicts` when somebody else made something else of the same boxes; nothing is written.
    `boxes` of the answer is what is on the image now, or null where nobody but this client changed it.
    """
    batch = Batch(
        body.batch, body.base_revision, [_operation(one) for one in body.operations], body.verified, body.negative
    )
    try:
        return _save_operations(request, pk, batch)
    except IntegrityError as error:
        saved = saved_already(image_for(request, pk), batch, error)
        return {**marks(saved.image), "boxes": saved.boxes, "notes": saved.notes}


@in_turn()
@transaction.atomic
def _save_operations(request: HttpRequest, pk: int, batch: Batch) -> dict[str, Any]:
    """One look at the row of the image says who may see it, what its boxes are to this person, and locks it."""
    image = image_for(request, pk, lock=True)
    if answer := answer_of(image, request.user):
        notes = notes_on_edges(image, [one.box for one in batch.operations if one.box])
        return {**answer_state(answer_batch(answer, image, batch)), "notes": notes}
    saved = apply_to_locked(image, batch, request.user)  # type: ignore[arg-type]
    return {**marks(saved.image), "boxes": saved.boxes, "notes": saved.notes}


def _operation(one: OperationIn) -> Operation:
    box, was = (BoxValues(one.id, **vars(values)) if values else None for values in (one.box, one.was))
    return Operation(one.id, box, was)


@router.get("/images/{pk}/find", url_name="find_image")
def find(request: HttpRequest, pk: int, to: Asked, filter: Asked = "") -> dict[str, Any]:
    """The image to go to from this one: `to` is "unlabelled", "flagged", a place in the filter's order, or a name."""
    grid_filter = GridFilter.parse(filter)
    found = find_image(image_for(request, pk), grid_filter, to, request.user)
    return {"id": found.pk, "url": found.get_absolute_url() + grid_filter.query_string()}


@router.get("/images/{pk}/revisions", response=list[RevisionOut])
@paginate
def list_revisions(request: HttpRequest, pk: int) -> list[dict[str, Any]]:
    """Every saved state of an image, the newest first."""
    image = image_for(request, pk)
    if answer_of(image, request.user):
        return []
    return [revision_as_json(one) for one in image.revisions.select_related("user")]


@router.post("/images/{pk}/revisions/{number}/restore")
def restore(request: HttpRequest, pk: int, number: int) -> dict[str, Any]:
    """Make the image what it was after a revision; that is a new revision."""
    image = image_for(request, pk)
    if answer_of(image, request.user):
        raise Http404
    return image_state(restore_revision(image, number, request.user))  # type: ignore[arg-type]


@router.post("/images/{pk}/presence", url_name="image_presence")
def here(request: HttpRequest, pk: int) -> dict[str, Any]:
    """Say that you have the image open; tells who else has, and the image's revision."""
    image = image_for(request, pk)
    if answer := answer_of(image, request.user):
        return {"others": [], "revision": answer.revision}
    return {"others": arrive(image, request.user), "revision": image.revision}  # type: ignore[arg-type]


@router.delete("/images/{pk}/presence", response={204: None})
def gone(request: HttpRequest, pk: int) -> Status:
    leave(image_for(request, pk), request.user)  # type: ignore[arg-type]
    return Status(204, None)


def marks(image: Image) -> dict[str, Any]:
    return {
        "revision": image.revision,
        "state": image.state,
        "verified": image.verified,
        "negative": image.negative,
    }


def image_state(image: Image) -> dict[str, Any]:
    return {**marks(image), "boxes": boxes_as_json(image.boxes.all())}
