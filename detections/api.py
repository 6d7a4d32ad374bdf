"""The detections part of the API: the same functions and the same access as the pages."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, cast

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from ninja import File, Form, Query, Router, Schema, Status
from ninja.files import UploadedFile
from ninja.pagination import paginate
from pydantic import Field

from datasets.access import dataset_for
from detections.access import (
    batch_for,
    batches_for,
    evaluation_for,
    evaluations_for,
    model_for,
    seen_model,
    version_for,
    who,
)
from detections.actions import (
    measure_again,
    resume_batch,
    start_evaluation,
    start_filter_batch,
    start_folder_batch,
    start_upload_batch,
    start_version_batch,
)
from detections.classes import mapping_from_names
from detections.comparison import Comparison, comparison_json
from detections.documents import batch_document, batch_response
from detections.evaluation import read_manifest_of, summary
from detections.label_next import DEFAULT_COUNT, MOST
from detections.metrics.values import HEADLINE_SCORE
from detections.models import DetectionBatch, Evaluation
from detections.prelabel import DEFAULT_THRESHOLD, Wish
from detections.prelabel_actions import start_label_next, start_prelabel, start_sending
from detections.single import as_file, as_json, detect_one
from detections.targets import answers_from_names
from sw_site.jobs.models import Job
from sw_site.lib.errors import UserError
from sw_site.lib.schemas import Body, Id

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


class DetectionBatchOut(RowOut):
    source: str
    folder: str
    min_score: float


class EvaluationOut(RowOut):
    labels: str
    ap: float | None
    ap50: float | None


class DetectionBatchIn(Body):
    """A version's split, the images of a dataset's filter, or (staff only) a folder on the server."""

    model: Id
    version: Id | None = None
    split: str = Field("val", pattern="^(train|val|test)$")
    dataset: str = ""
    filter: str = Field("", max_length=1000)
    folder: str = Field("", max_length=500)


class EvaluationIn(Body):
    """`mapping` says what becomes of classes of the model that the version does not have, by name: {"droid": "BB-8",
    "car": null}; null leaves boxes of that class out. Without it such a model is refused (`classes_differ`)."""

    model: Id
    version: Id
    split: str = Field("val", pattern="^(train|val|test)$")
    mapping: dict[str, str | None] | None = None


class SendIn(Body):
    """`mapping` says by name what becomes of classes of the model that the dataset does not have; `new_classes` makes
    those it does not name."""

    dataset: str
    threshold: float = Field(DEFAULT_THRESHOLD, ge=0, le=1)
    mapping: dict[str, str | None] | None = None
    new_classes: bool = False
    also_labelled: bool = False


class PrelabelIn(SendIn):
    """`filter` as in the address of the grid ("state=unlabelled"; "" is every image)."""

    model: int
    filter: str = Field("", max_length=1000)


class PrelabelOut(Schema):
    """The job that does it, and the change that takes it back."""

    job: int
    change: int
    images: int


@router.post("/prelabel", response={202: PrelabelOut})
def create_prelabel(request: HttpRequest, data: PrelabelIn) -> Status[dict[str, int]]:
    """A model's boxes as proposals on the filter's images; they are labels once somebody accepts them."""
    dataset, model = dataset_for(request, data.dataset), seen_model(request, data.model)
    answers = answers_from_names(model, dataset, data.mapping, data.new_classes)
    wish = Wish(data.filter, data.threshold, data.also_labelled)
    job = start_prelabel(model, dataset, wish, answers, who(request))
    return Status(202, {"job": job.pk, "change": job.payload["change_id"], "images": len(job.payload["ids"])})


class LabelNextIn(Body):
    dataset: str
    model: Id
    filter: str = Field("", max_length=1000)
    count: int = Field(DEFAULT_COUNT, ge=1, le=MOST)
    name: str = Field("", max_length=100)


class LabelNextOut(Schema):
    """The batch of what the model finds, the job, and the view that will hold the photos."""

    batch: int
    job: int
    view: int


@router.post("/label-next", response={202: LabelNextOut})
def create_label_next(request: HttpRequest, data: LabelNextIn) -> Status[dict[str, int]]:
    """The photos without an answer that are worth labelling first, into a view of your own."""
    dataset, model = dataset_for(request, data.dataset), seen_model(request, data.model)
    batch = start_label_next(model, dataset, data.filter, data.count, data.name, who(request))
    job = cast(Job, batch.job)
    return Status(202, {"batch": batch.pk, "job": job.pk, "view": job.payload["view_id"]})


@router.get("/batches", response=list[DetectionBatchOut])
@paginate
def list_batches(request: HttpRequest) -> QuerySet[DetectionBatch]:
    return batches_for(request)


@router.post("/batches", response={202: DetectionBatchOut})
def create_batch(request: HttpRequest, data: DetectionBatchIn) -> Status[DetectionBatch]:
    model = seen_model(request, data.model)
    if data.folder:
        return Status(202, start_folder_batch(model, data.folder, who(request)))
    if data.dataset:
        return Status(202, start_filter_batch(model, dataset_for(request, data.dataset), data.filter, who(request)))
    if data.version is None:
        raise UserError("no_images", "Name a version, a dataset or a folder whose images to detect on.")
    version = version_for(request, data.version)
    return Status(202, start_version_batch(model, version, data.split, who(request)))


@router.post("/batches/upload", response={202: DetectionBatchOut})
def create_upload_batch(
    request: HttpRequest, images: File[list[UploadedFile]], model: int = Form(...)
) -> Status[DetectionBatch]:
    """Images sent along (multipart); those that cannot be used are listed in the batch."""
    return Status(202, start_upload_batch(model_for(request, model), images, who(request)))


@router.post("/batches/{int:pk}/resume", response={202: DetectionBatchOut})
def resume(request: HttpRequest, pk: int) -> Status[DetectionBatch]:
    """Goes on with a batch that was cancelled or failed, where it was stopped; 409 in any other state."""
    batch = batch_for(request, pk)
    resume_batch(batch)
    return Status(202, batch)


@router.get("/batches/{int:pk}/download")
def download_batch(
    request: HttpRequest,
    pk: int,
    threshold: float = Query(0.0, ge=0, le=1),
    format: str = Query("json", pattern="^(json|voc|coco)$"),
) -> Any:
    """The batch as JSON, COCO, or a zip of VOC files."""
    return batch_response(batch_for(request, pk), format, threshold)


@router.post("/batches/{int:pk}/send", response={202: PrelabelOut})
def send_batch(request: HttpRequest, pk: int, data: SendIn) -> Status[dict[str, int]]:
    """What the batch found, to a dataset as proposals; photos that it lacks are added."""
    batch, dataset = batch_for(request, pk), dataset_for(request, data.dataset)
    answers = answers_from_names(batch.model, dataset, data.mapping, data.new_classes)
    wish = Wish(threshold=data.threshold, also_labelled=data.also_labelled)
    job = start_sending(batch, dataset, wish, answers, who(request))
    return Status(202, {"job": job.pk, "change": job.payload["change_id"], "images": batch.images.count()})


@router.get("/batches/{int:pk}")
def get_batch(request: HttpRequest, pk: int) -> dict[str, Any]:
    """The batch with its images and their boxes; `images` is empty until its job is done."""
    batch = batch_for(request, pk)
    return DetectionBatchOut.from_orm(batch).model_dump() | batch_document(batch)


@router.get("/evaluations", response=list[EvaluationOut])
@paginate
def list_evaluations(request: HttpRequest) -> QuerySet[Evaluation]:
    return evaluations_for(request)


@router.post("/evaluations", response={202: EvaluationOut})
def create_evaluation(request: HttpRequest, data: EvaluationIn) -> Status[Evaluation]:
    model, version = seen_model(request, data.model), version_for(request, data.version)
    mapping = None
    if data.mapping is not None:
        mapping = mapping_from_names(model.label_map, read_manifest_of(version).classes, data.mapping)
    return Status(202, start_evaluation(model, version, data.split, who(request), mapping))


@router.get("/evaluations/{int:pk}/compare/{int:other}")
def compare_evaluations(request: HttpRequest, pk: int, other: int) -> dict[str, Any]:
    """Two models on the same images: figures, classes, and what one finds that the other misses (`score`, `iou`)."""
    pair = evaluation_for(request, pk), evaluation_for(request, other)
    return comparison_json(Comparison.from_query(*pair, request.GET))


@router.post("/evaluations/{int:pk}/again", response={202: EvaluationOut})
def create_evaluation_again(request: HttpRequest, pk: int) -> Status[Evaluation]:
    """The same predictions beside the labels the images have now; the model does not run."""
    return Status(202, measure_again(evaluation_for(request, pk), who(request)))


@router.get("/evaluations/{int:pk}")
def get_evaluation(request: HttpRequest, pk: int) -> dict[str, Any]:
    """The evaluation with all figures; `per_class` is empty until its job is done."""
    evaluation = evaluation_for(request, pk)
    return EvaluationOut.from_orm(evaluation).model_dump() | {"figures": summary(evaluation)}


@router.post(
    "/models/{int:pk}/detect",
    response=dict[str, Any],
    openapi_extra={"responses": {200: {"content": {"application/xml": {}, "image/jpeg": {}}}}},
)
def detect(
    request: HttpRequest,
    pk: int,
    image: File[UploadedFile],
    threshold: float = Query(HEADLINE_SCORE, ge=0, le=1),
    format: str = Query("json", pattern="^(json|voc|coco|image)$"),
) -> Any:
    """Detect on one image now. Edges are pixels of the upright image; nothing is kept.

    `format` gives the boxes as VOC or COCO, or the picture with its boxes drawn, as a file.
    """
    model = model_for(request, pk)
    found = detect_one(model, image)
    if format == "json":
        return as_json(model, found, threshold)
    data, kind, suffix = as_file(model, found, threshold, format)
    name = f"{Path(image.name or 'image').stem}{suffix}"
    return HttpResponse(data, kind, headers={"Content-Disposition": content_disposition_header(True, name) or ""})
