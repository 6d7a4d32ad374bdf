"""The API of what can be done with a run: the same functions as the buttons of its page."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from ninja import Router, Schema, Status
from ninja.pagination import paginate
from pydantic import Field

from sw_site.lib.schemas import Body, Id, Whole
from training import control
from training.access import run_for
from training.api import RunOut
from training.boards import MOST_RUNS as MOST_ON_BOARD
from training.boards import open_board
from training.checkpoints import KeptCheckpoint, checkpoints_of
from training.dashboard import dashboard_json
from training.filmstrip import as_json
from training.formats import Possible, possible_formats
from training.http import SignedInRequest
from training.models import Run, RunEvent
from training.run_comparison import document, runs_to_compare

router = Router(tags=["training"])


class ExtendIn(Body):
    steps: Whole


class PriorityIn(Body):
    """`first`, `normal` or `last`."""

    priority: str


class HostIn(Body):
    """A machine's name as under /jobs/workers; empty lets any machine train it."""

    host: str = Field(max_length=100)


class PinnedIn(Body):
    pinned: bool


class BoardIn(Body):
    """From 1 to 10 numbers of runs."""

    runs: list[Id] = Field(min_length=1, max_length=MOST_ON_BOARD)


class BoardOut(Schema):
    address: str


class RunEventOut(Schema):
    at: datetime
    kind: str
    message: str
    user: str | None

    @staticmethod
    def resolve_user(event: RunEvent) -> str | None:
        return event.user.get_username() if event.user else None


class CheckpointOut(Schema):
    step: int
    ap: float | None
    ap50: float | None
    best: bool
    last: bool
    size_bytes: int


class FormatOut(Schema):
    """`reason` says why the format cannot be had; empty when it can."""

    value: str
    label: str
    reason: str


@router.post("/runs/{int:pk}/cancel", response=RunOut)
def cancel(request: SignedInRequest, pk: int) -> Run:
    return control.cancel_run(run_for(request, pk), request.user)


@router.post("/runs/{int:pk}/finish", response=RunOut)
def finish(request: SignedInRequest, pk: int) -> Run:
    """Train no further and end well, with a model of what was learnt."""
    return control.stop_and_keep(run_for(request, pk), request.user)


@router.post("/runs/{int:pk}/pause", response=RunOut)
def pause(request: SignedInRequest, pk: int) -> Run:
    return control.pause_run(run_for(request, pk), request.user)


@router.post("/runs/{int:pk}/resume", response=RunOut)
def resume(request: SignedInRequest, pk: int) -> Run:
    return control.resume_run(run_for(request, pk), request.user)


@router.post("/runs/{int:pk}/extend", response={201: RunOut})
def extend(request: SignedInRequest, pk: int, data: ExtendIn) -> Status[Run]:
    """A new run that goes on where this one ended."""
    return Status(201, control.extend_run(run_for(request, pk), data.steps, user=request.user))


@router.post("/runs/{int:pk}/mend", response=RunOut)
def mend(request: SignedInRequest, pk: int) -> Run:
    """What the page's button does after a failure; answers the run that goes on or begins."""
    return control.mend_run(run_for(request, pk), user=request.user)


@router.post("/runs/{int:pk}/priority", response=RunOut)
def priority(request: SignedInRequest, pk: int, data: PriorityIn) -> Run:
    return control.set_priority(run_for(request, pk), data.priority, request.user)


@router.post("/runs/{int:pk}/host", response=RunOut)
def host(request: SignedInRequest, pk: int, data: HostIn) -> Run:
    """Which machine a waiting run is for."""
    return control.set_host(run_for(request, pk), data.host, request.user)


@router.post("/runs/{int:pk}/pin", response=RunOut)
def pin(request: SignedInRequest, pk: int, data: PinnedIn) -> Run:
    return control.set_pinned(run_for(request, pk), data.pinned, request.user)


@router.get("/runs/{int:pk}/history", response=list[RunEventOut])
@paginate
def history(request: SignedInRequest, pk: int) -> QuerySet[RunEvent]:
    return run_for(request, pk).history.select_related("user")


@router.get("/runs/{int:pk}/checkpoints", response=list[CheckpointOut])
def checkpoints(request: SignedInRequest, pk: int) -> list[KeptCheckpoint]:
    return checkpoints_of(run_for(request, pk))


@router.get("/runs/{int:pk}/frames", response=list[dict[str, Any]])
@paginate
def frames(request: SignedInRequest, pk: int) -> list[dict[str, Any]]:
    """What was found on the same few validation photos at each evaluation."""
    return [as_json(frame) for frame in run_for(request, pk).frames.all()]


@router.get("/compare")
def compare(request: SignedInRequest, runs: str) -> dict[str, Any]:
    """Runs by their numbers with commas between: best figures, and the settings in which they differ."""
    return document(runs_to_compare(request.user, runs.split(",")))


@router.get("/desk")
def desk(request: SignedInRequest) -> dict[str, Any]:
    """Models by dataset, work at hand, devices and disk."""
    return dashboard_json(request.user)


@router.post("/boards", response={201: BoardOut})
def open_tensorboard(request: SignedInRequest, data: BoardIn) -> Status[dict[str, str]]:
    """A TensorBoard of these runs; its address is a page of this site, behind the same sign-in."""
    runs = list(Run.objects.visible_to(request.user).filter(pk__in=data.runs))
    return Status(201, {"address": request.build_absolute_uri(f"{open_board(runs).prefix}/")})


@router.get("/formats/{architecture}", response=list[FormatOut])
def formats(request: SignedInRequest, architecture: str) -> list[Possible]:
    """What a network can be exported as, before it is trained."""
    return possible_formats(architecture)
