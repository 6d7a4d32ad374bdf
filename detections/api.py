"""The detections part of the API: the same functions and the same access as the pages."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import File, Query, Router, Schema
from ninja.files import UploadedFile
from ninja.pagination import paginate
from pydantic import Field

from datasets.models import DatasetVersion
from detections.actions import check_uploads, start_evaluation, start_folder_batch, start_version_batch
from detections.documents import batch_document, box_json
from detections.evaluation import summary
from detections.inference import Problem, Source, detect_images, load_predictor
from detections.metrics.values import HEADLINE_SCORE
from detections.models import DetectionBatch, Evaluation
from sw_site.lib.errors import UserError
from training.models import TrainedModel

router = Router(tags=["detections"])


class RowOut(Schema):
    id: int = Field(alias="pk")
    model: int = Field(alias="model_id")
    version: int | None = Field(alias="version_id")
    split: str
    state: str
    created_at: datetime

    @staticmethod
    def resolve_state(row: DetectionBatch | Evaluation) -> str:
        return row.job.state if row.job else ""


class BatchOut(RowOut):
    source: str
    folder: str
    min_score: float


class EvaluationOut(RowOut):
    ap: float | None
    ap50: float | None


class BatchIn(Schema):
    """A version's split, or (staff only) a folder on the server."""

    model: int
    version: int | None = None
    split: str = Field("val", pattern="^(train|val|test)$")
    folder: str = Field("", max_length=500)


class EvaluationIn(Schema):
    model: int
    version: int
    split: str = Field("val", pattern="^(train|val|test)$")


def visible_model(request: HttpRequest, pk: int) -> TrainedModel:
    return get_object_or_404(TrainedModel.objects.visible_to(request.user).select_related("run"), pk=pk)


def visible_version(request: HttpRequest, pk: int) -> DatasetVersion:
    return get_object_or_404(DatasetVersion.objects.visible_to(request.user).select_related("dataset"), pk=pk)


def visible_batches(request: HttpRequest) -> QuerySet[DetectionBatch]:
    return DetectionBatch.objects.visible_to(request.user).select_related("model", "version__dataset", "job")


def visible_evaluations(request: HttpRequest) -> QuerySet[Evaluation]:
    return Evaluation.objects.visible_to(request.user).select_related("model", "version__dataset", "job")


@router.get("/batches", response=list[BatchOut])
@paginate
def list_batches(request: HttpRequest) -> QuerySet[DetectionBatch]:
    return visible_batches(request)


@router.post("/batches", response={202: BatchOut})
def create_batch(request: HttpRequest, data: BatchIn) -> tuple[int, DetectionBatch]:
    model = visible_model(request, data.model)
    if data.folder:
        return 202, start_folder_batch(model, data.folder, request.user)
    if data.version is None:
        raise UserError("no_images", "Name a version whose images to detect on (its number from the list of versions).")
    return 202, start_version_batch(model, visible_version(request, data.version), data.split, request.user)


@router.get("/batches/{int:pk}")
def get_batch(request: HttpRequest, pk: int) -> dict[str, Any]:
    """The batch with its images and their boxes; `images` is empty until its job is done."""
    batch = get_object_or_404(visible_batches(request), pk=pk)
    return BatchOut.from_orm(batch).model_dump() | batch_document(batch)


@router.get("/evaluations", response=list[EvaluationOut])
@paginate
def list_evaluations(request: HttpRequest) -> QuerySet[Evaluation]:
    return visible_evaluations(request)


@router.post("/evaluations", response={202: EvaluationOut})
def create_evaluation(request: HttpRequest, data: EvaluationIn) -> tuple[int, Evaluation]:
    model, version = visible_model(request, data.model), visible_version(request, data.version)
    return 202, start_evaluation(model, version, data.split, request.user)


@router.get("/evaluations/{int:pk}")
def get_evaluation(request: HttpRequest, pk: int) -> dict[str, Any]:
    """The evaluation with all figures; `per_class` is empty until its job is done."""
    evaluation = get_object_or_404(visible_evaluations(request), pk=pk)
    return EvaluationOut.from_orm(evaluation).model_dump() | {"figures": summary(evaluation)}


@router.post("/models/{int:pk}/detect")
def detect(
    request: HttpRequest,
    pk: int,
    image: File[UploadedFile],
    threshold: float = Query(HEADLINE_SCORE, ge=0, le=1),
) -> dict[str, Any]:
    """Detect on one image now. Edges are pixels of the upright image; nothing is kept."""
    model = visible_model(request, pk)
    check_uploads([image])
    (found,) = detect_images(load_predictor(model), [Source(image.name or "image", image.file)])
    if isinstance(found, Problem):
        raise UserError(found.code, f"“{found.file}” cannot be used. {found.message}", 422)
    kept = found.detections.above(threshold)
    rows = zip(kept.class_ids, kept.scores, kept.boxes, strict=True)
    width, height = found.picture.size
    return {
        "model": model.name,
        "width": width,
        "height": height,
        "threshold": threshold,
        "boxes": [box_json(class_id, model.label_map, score, box) for class_id, score, box in rows],
    }
