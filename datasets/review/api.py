"""The review desk in the API: verdicts, notes, the queue, dealing out, progress, checks."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Router, Schema, Status
from ninja.pagination import paginate
from pydantic import Field

from datasets.access import dataset_for, image_for, managed_dataset_for, permit_user
from datasets.curation.dispatch import chosen_ids
from datasets.models import Image, ReviewNote
from datasets.review import checks, verdicts
from datasets.review.assigning import deal, ids_of, people_called, told
from datasets.review.blind import answer_of
from datasets.review.history import reviews_of
from datasets.review.measured import excuse, measure
from datasets.review.progress import progress
from datasets.review.queue import ROLE_FOR, renew, take_next
from sw_site.accounts.roles import Role
from sw_site.lib.errors import UserError
from sw_site.lib.schemas import Body, Id, Whole

router = Router(tags=["review"])
Coordinate = Annotated[float, Field(allow_inf_nan=False)]
Ids = Annotated[list[Id], Field(max_length=10_000)]


class PinIn(Body):
    """`box` is the id of a box of the image; `x`, `y` are pixels of the upright image."""

    box: Annotated[uuid.UUID, Field(strict=False)] | None = None
    x: Coordinate | None = None
    y: Coordinate | None = None


class NoteIn(PinIn):
    text: str = Field(max_length=5000)


class NoteOut(Schema):
    id: int
    text: str
    author: str
    when: str
    box: str | None
    x: float | None
    y: float | None
    resolved: bool


class ReviewEventOut(Schema):
    before: str
    after: str
    user: str
    revision: int | None
    when: str


class ReviewOut(Schema):
    said: str
    user: str
    when: str
    revision: int | None
    note: NoteOut | None


class VerdictIn(Body):
    """`revision`: the one that was looked at. `return` needs a note that says why."""

    action: str
    revision: Whole
    note: NoteIn | None = None


class NotePatch(Body):
    resolved: bool


class NextIn(Body):
    """`done`: id of the image the person is through with."""

    work: str
    done: Id | None = None


class AssignIn(Body):
    """To `people` (user names; nobody makes the images anybody's). `filter` and a range of it, or `ids`."""

    work: str = "label"
    people: list[str] = Field([], max_length=100)
    ids: Ids | None = None
    filter: str = ""
    first: Whole | None = None
    last: Whole | None = None


class CheckIn(Body):
    ids: Ids = []
    filter: str | None = None
    every: Whole | None = None


class CheckOut(Schema):
    ids: Ids


class MeasuredIn(Body):
    """`people` are user names."""

    people: list[str] = Field(max_length=100)
    measured: bool


@router.post("/images/{pk}/verdict", url_name="image_verdict")
def give_verdict(request: HttpRequest, pk: int, body: VerdictIn) -> dict[str, Any]:
    """Approve or return; 409 when somebody saved the image since `revision`."""
    image, user = _seen_image(request, pk), _user(request)
    if body.action == "approve":
        image = verdicts.approve(image, body.revision, user)
    elif body.action == "return":
        note = body.note or NoteIn(text="")
        image, _ = verdicts.return_image(image, body.revision, note.text, _pin(note), user)
    else:
        raise UserError("unknown_action", "A verdict is “approve” or “return”.", 422)
    return {"state": image.state, "revision": image.revision, "notes": _notes(image)}


@router.get("/images/{pk}/notes", response=list[NoteOut])
@paginate
def list_notes(request: HttpRequest, pk: int) -> Any:
    return _notes(_seen_image(request, pk))


@router.post("/images/{pk}/notes", response={201: dict[str, Any]}, url_name="image_notes")
def make_note(request: HttpRequest, pk: int, body: NoteIn) -> Status:
    note = verdicts.add_note(_seen_image(request, pk), body.text, _pin(body), _user(request))
    return Status(201, verdicts.note_as_json(note))


@router.patch("/images/{pk}/notes/{number}")
def settle_note(request: HttpRequest, pk: int, number: int, body: NotePatch) -> Any:
    notes = ReviewNote.objects.filter(image=_seen_image(request, pk)).select_related("author")
    return verdicts.note_as_json(
        verdicts.resolve_note(get_object_or_404(notes, pk=number), _user(request), body.resolved)
    )


@router.post("/images/{pk}/lease", url_name="image_lease")
def renew_lease(request: HttpRequest, pk: int) -> dict[str, bool]:
    """Keep the image on one's desk for another half hour; `held` is false when it is not there."""
    return {"held": renew(image_for(request, pk), _user(request))}


@router.get("/images/{pk}/events", response=list[ReviewEventOut])
@paginate
def list_events(request: HttpRequest, pk: int) -> Any:
    """Every change of state: who, when, on which revision; newest first."""
    events = _seen_image(request, pk).review_events.select_related("user")
    return [
        {
            "before": event.before,
            "after": event.after,
            "user": str(event.user or ""),
            "revision": event.revision,
            "when": event.created_at.isoformat(),
        }
        for event in events
    ]


@router.get("/images/{pk}/reviews", response=list[ReviewOut])
@paginate
def list_reviews(request: HttpRequest, pk: int) -> Any:
    """What reviewers said of it, newest first: `said` is "approved", "returned" or "noted"; `note` the note with it."""
    return [review.as_json() for review in reviews_of(_seen_image(request, pk))]


@router.post("/{slug}/queue", url_name="queue_next")
def next_image(request: HttpRequest, slug: str, body: NextIn) -> dict[str, Any]:
    """The image to go on with, which is then nobody else's; null when nothing is left."""
    dataset = dataset_for(request, slug)
    permit_user(_user(request), dataset, ROLE_FOR.get(body.work, Role.ANNOTATOR))
    image = take_next(dataset, _user(request), body.work, body.done)
    return {"image": image.pk if image else None, "url": desk_url(image, body.work) if image else None}


def desk_url(image: Image, work: str) -> str:
    """Where the image is worked on: the editor, with the bar of the queue."""
    return f"{image.get_absolute_url()}?queue={work}"


@router.post("/{slug}/assign")
def assign(request: HttpRequest, slug: str, body: AssignIn) -> dict[str, Any]:
    dataset = dataset_for(request, slug)
    if body.ids is None:
        ids = ids_of(dataset, body.filter, body.first, body.last, request.user)
    else:
        ids = chosen_ids(dataset, body.ids, False, "")
    shares = deal(dataset, ids, people_called(body.people), body.work)
    given = [{"person": str(share.person or ""), "images": share.images} for share in shares]
    return {"sentence": told(shares, body.work), "shares": given}


@router.get("/{slug}/progress")
def show_progress(request: HttpRequest, slug: str) -> Any:
    return progress(dataset_for(request, slug)).as_json()


@router.get("/{slug}/checks")
def list_checks(request: HttpRequest, slug: str) -> dict[str, Any]:
    """For those who manage the dataset; to others it is not there."""
    dataset = managed_dataset_for(request, slug)
    return checks.as_json(dataset)


@router.post("/{slug}/checks")
def add_checks(request: HttpRequest, slug: str, body: CheckIn) -> dict[str, Any]:
    dataset = managed_dataset_for(request, slug)
    ids = chosen_ids(dataset, body.ids, body.filter is not None, body.filter or "")
    added, left = checks.choose(dataset, ids, _user(request), body.every)
    return {"added": added, "left": left, **checks.as_json(dataset)}


@router.delete("/{slug}/checks")
def remove_checks(request: HttpRequest, slug: str, body: CheckOut) -> dict[str, int]:
    return {"removed": checks.drop(managed_dataset_for(request, slug), body.ids)}


@router.post("/{slug}/checks/people")
def set_measured(request: HttpRequest, slug: str, body: MeasuredIn) -> dict[str, Any]:
    """Who is handed checks. Those who are not see the trusted boxes and may have all labels."""
    dataset = managed_dataset_for(request, slug)
    for person in people_called(body.people):
        measure(dataset, person) if body.measured else excuse(dataset, person, request.user)
    return checks.as_json(dataset)


def _seen_image(request: HttpRequest, pk: int) -> Image:
    """An image whose labels the person may see: verdicts and notes are about them."""
    image = image_for(request, pk)
    if answer_of(image, request.user):
        raise Http404
    return image


def _user(request: HttpRequest) -> Any:
    return request.user


def _pin(note: PinIn) -> verdicts.Pin:
    return verdicts.Pin(note.box, note.x, note.y)


def _notes(image: Image) -> list[dict[str, Any]]:
    return [verdicts.note_as_json(note) for note in verdicts.notes_of(image)]
