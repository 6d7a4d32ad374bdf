"""Label mistakes in the API: the same functions and the same access as the pages."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from ninja.pagination import paginate

from datasets.access import dataset_for
from detections.access import model_for, search_for, searches_for, seen_model, suspicion_for, who
from detections.loop import go_on, loop_json, loop_of
from detections.mistake_models import Answer, MistakeSearch, Suspicion
from detections.mistakes.actions import start_fold_search, start_search
from detections.mistakes.answers import answer, take_back
from detections.mistakes.documents import search_json, suspicion_json
from sw_site.lib.schemas import MOST_ASKED, Body, Id, Whole

router = Router(tags=["label mistakes"])


class SearchIn(Body):
    """`folds` 0: by the model, among images it did not learn from; 2 to 10: by that many trainings like its run."""

    dataset: str
    model: Id
    folds: Whole = 0


class AnswerIn(Body):
    """`right`, `taken` (the labels become what the model says) or `edited`."""

    answer: str


class SearchOut(Schema):
    search: int
    dataset: str
    model: str | None
    folds: int
    state: str

    @staticmethod
    def resolve_search(row: MistakeSearch) -> int:
        return row.pk

    @staticmethod
    def resolve_dataset(row: MistakeSearch) -> str:
        return row.dataset.name

    @staticmethod
    def resolve_model(row: MistakeSearch) -> str | None:
        return row.model.name if row.model else None

    @staticmethod
    def resolve_state(row: MistakeSearch) -> str:
        return row.job.state if row.job else ""


class SuspicionOut(Schema):
    id: int
    rank: int
    kind: str
    doubt: float
    score: float | None
    image_id: int
    file: str
    label: dict[str, Any] | None
    proposal: dict[str, Any] | None
    answer: str

    @staticmethod
    def resolve_file(row: Suspicion) -> str:
        return row.image.file_name

    @staticmethod
    def resolve_label(row: Suspicion) -> dict[str, Any] | None:
        return row.was


@router.get("", response=list[SearchOut])
@paginate
def list_searches(request: HttpRequest) -> QuerySet[MistakeSearch]:
    return searches_for(request)


@router.post("", response={202: dict[str, Any]})
def create_search(request: HttpRequest, data: SearchIn) -> Status[dict[str, Any]]:
    dataset = dataset_for(request, data.dataset)
    model = seen_model(request, data.model)
    if data.folds:
        return Status(202, search_json(start_fold_search(dataset, model, data.folds, who(request)), who(request)))
    return Status(202, search_json(start_search(dataset, model, who(request)), who(request)))


@router.get("/{int:pk}")
def get_search(request: HttpRequest, pk: int) -> dict[str, Any]:
    """What was looked at, the score thresholds, and what the answers came to."""
    return search_json(search_for(request, pk), who(request))


@router.get("/{int:pk}/suspicions", response=list[SuspicionOut])
@paginate
def list_suspicions(
    request: HttpRequest,
    pk: int,
    kind: str = Query("", max_length=MOST_ASKED),
    state: str = Query("all", pattern="^(all|open)$"),
) -> QuerySet[Suspicion]:
    """The queue, the most doubtful first."""
    rows = search_for(request, pk).suspicions_for(who(request)).select_related("image").order_by("rank")
    rows = rows.filter(kind=kind) if kind else rows
    return rows.filter(answer=Answer.OPEN) if state == "open" else rows


@router.post("/suspicions/{int:pk}/answer")
def answer_suspicion(request: HttpRequest, pk: int, data: AnswerIn) -> dict[str, Any]:
    return suspicion_json(answer(suspicion_for(request, pk), data.answer, who(request)))


@router.delete("/suspicions/{int:pk}/answer")
def delete_answer(request: HttpRequest, pk: int) -> dict[str, Any]:
    """Takes an answer back, and what it did to the labels."""
    return suspicion_json(take_back(suspicion_for(request, pk), who(request)))


@router.get("/loop/{int:model}")
def get_loop(request: HttpRequest, model: int) -> dict[str, Any]:
    """How far it is from the fixes to a compared model, and what is next."""
    return loop_json(loop_of(model_for(request, model)))


@router.post("/loop/{int:model}", response={202: dict[str, Any]})
def do_loop(request: HttpRequest, model: int) -> Status[dict[str, Any]]:
    """Does the next step: freezes, trains, or evaluates both. 409 while the step before is on its way."""
    return Status(202, loop_json(go_on(model_for(request, model), who(request))))
