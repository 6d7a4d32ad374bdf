"""Imports, previews, exports and kept files over the API."""

from typing import Any, Literal

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.urls import reverse
from ninja import File, Form, Router, Schema, Status
from ninja.files import UploadedFile
from ninja.pagination import paginate

from datasets.access import dataset_for, image_for
from datasets.formats.defects import DEFECTS
from datasets.importing.classes import parse_mapping
from datasets.importing.importer import ImportOptions
from datasets.jobs import import_job, preview_job, submit_export
from datasets.review.measured import hand_over_all_labels
from datasets.views.exports import image_original, labels_of_files, source_file
from datasets.views.transfer import keep_uploads
from sw_site.jobs.models import Job
from sw_site.jobs.queue import enqueue
from sw_site.lib.schemas import Body, Id

router = Router(tags=["import and export"])
FormatName = Literal["voc", "pets", "coco", "createml", "ultralytics", "yolo", "csv", "tfrecord"]


class ImportIn(Schema):
    preview: bool = False
    format: Literal["auto"] | FormatName = "auto"
    existing: Literal["merge", "replace", "keep"] = "merge"
    mapping: list[str] = []
    label_map: str = ""
    one_based: bool = False
    stored_frame: bool = False


class DatasetExportIn(Body):
    format: FormatName
    version: Id | None = None
    images: bool = False
    originals: bool = False


class KeptOut(Schema):
    """`code` says why a file was set aside; empty when it is about many images. `url` is where its bytes are."""

    file: str
    sha256: str
    size_bytes: int
    code: str
    url: str


class SourceOut(Schema):
    id: int
    file: str
    format: str
    sha256: str


class WorkOut(Schema):
    job: int
    state: str
    message: str
    error: str
    result: dict[str, Any] | None
    url: str


def work_out(job: Job, url: str = "") -> dict[str, Any]:
    values = {"job": job.pk, "state": job.state, "message": job.message, "error": job.error, "result": job.result}
    return {**values, "url": url or job.get_absolute_url()}


@router.get("/defects")
def list_defects(request: HttpRequest) -> dict[str, dict[str, str]]:
    """Every code an import can give, what it means, and the rule: fixed, kept with a warning, set aside."""
    return {code: {"title": defect.title, "rule": defect.rule.value} for code, defect in DEFECTS.items()}


@router.post("/{slug}/imports", response={202: WorkOut})
def create_import(
    request: HttpRequest,
    slug: str,
    body: Form[ImportIn],
    files: File[list[UploadedFile]],
) -> Status:
    """Import files, or only say what would happen (`preview`). Ask for the job until its state is succeeded."""
    dataset = dataset_for(request, slug)
    options = ImportOptions(
        parse_mapping(body.mapping), body.label_map, body.format, body.existing, body.one_based, body.stored_frame
    )
    folder, user = keep_uploads(list(files)), request.user
    job = (
        preview_job(dataset, folder, options, user)  # type: ignore[arg-type]
        if body.preview
        else import_job(dataset, folder, options, user, remove=True)  # type: ignore[arg-type]
    )
    enqueue(job)
    return Status(202, work_out(job))


@router.post("/{slug}/exports", response={202: WorkOut})
def create_export(request: HttpRequest, slug: str, body: DatasetExportIn) -> Status:
    """A zip in the background; `url` is where it lies once the job has succeeded."""
    dataset, user = dataset_for(request, slug), request.user
    hand_over_all_labels(user, dataset)
    job = submit_export(dataset, body.format, body.version, body.images, body.originals, user)  # type: ignore[arg-type]
    return Status(202, work_out(job, reverse("datasets:export-download", args=[slug, job.pk])))


@router.get("/{slug}/transfers/{job_id}", response=WorkOut)
def get_transfer(request: HttpRequest, slug: str, job_id: int) -> dict[str, Any]:
    """An import, preview or export by the number of its job; `result` has every remark."""
    dataset = dataset_for(request, slug)
    kinds = ("import", "preview", "dataset_export")
    job = Job.objects.filter(kind__in=kinds, payload__dataset_id=dataset.pk).filter(pk=job_id).first()
    if job is None:
        raise Http404
    return work_out(job)


@router.get("/{slug}/kept", response=list[KeptOut])
@paginate
def list_kept(request: HttpRequest, slug: str) -> list[dict[str, Any]]:
    """Files about many images, and files that were set aside, each with the address of its bytes."""
    dataset = dataset_for(request, slug)
    return [
        {
            "file": row.file_name,
            "sha256": row.sha256,
            "size_bytes": row.size_bytes,
            "code": row.code,
            "url": reverse("datasets:kept-file", args=[slug, row.pk]),
        }
        for row in dataset.kept_files.all()
    ]


@router.get("/images/{pk}/sources", response=list[SourceOut])
@paginate
def list_sources(request: HttpRequest, pk: int) -> list[dict[str, Any]]:
    image = image_for(request, pk)
    rows = labels_of_files(image, request.user)
    return [{"id": row.pk, "file": row.file_name, "format": row.format, "sha256": row.sha256} for row in rows]


@router.get("/images/{pk}/sources/{source}")
def get_source(request: HttpRequest, pk: int, source: int) -> FileResponse:
    """An annotation file byte for byte."""
    return source_file(request, pk, source)


@router.get("/images/{pk}/original")
def get_original(request: HttpRequest, pk: int) -> FileResponse | HttpResponse:
    """The image file byte for byte."""
    return image_original(request, pk)
