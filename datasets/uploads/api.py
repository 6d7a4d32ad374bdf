"""Uploads by tus: /api/v1/uploads/<dataset>. Any tus client works; the upload page has one of its own."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from ninja import Router, Schema, Status

from datasets.access import dataset_for, permit
from datasets.importing.classes import parse_mapping
from datasets.importing.importer import ImportOptions
from datasets.jobs import import_job, preview_job
from datasets.models import Upload, UploadBatch
from datasets.uploads import tus
from datasets.uploads.arrivals import announce
from datasets.uploads.receiving import close, discard, open_batch, receive, register
from sw_site.jobs.queue import enqueue
from sw_site.lib.errors import UserError
from sw_site.lib.schemas import Body

router = Router(tags=["uploads"])


class FileOut(Schema):
    id: UUID
    path: str
    size: int
    offset: int


class UploadBatchOut(Schema):
    """The open batch of this person and dataset; without one, `id` is null and there are no files."""

    id: UUID | None = None
    files: list[FileOut] = []


class FinishIn(Body):
    """`mapping` holds lines OLD=NEW, `label_map` the text of a .pbtxt.

    With `preview` the answer is the job that says what an import would do; it is confirmed on that job's page.
    `leave_out` drops the files that did not arrive whole.
    """

    mapping: list[str] = []
    label_map: str = ""
    preview: bool = False
    leave_out: bool = False


class UploadJobOut(Schema):
    job: str
    url: str


def batch_for(request: HttpRequest, slug: str) -> UploadBatch | None:
    mine = UploadBatch.objects.visible_to(request.user).filter(closed_at=None)
    return mine.filter(dataset=dataset_for(request, slug)).select_related("dataset", "user").first()


def upload_for(request: HttpRequest, pk: UUID) -> Upload:
    batches = UploadBatch.objects.visible_to(request.user).filter(closed_at=None)
    uploads = Upload.objects.select_related("batch__dataset", "batch__user")
    upload = get_object_or_404(uploads, pk=pk, batch__in=batches)
    permit(request, upload.batch.dataset)
    return upload


@router.get("/{slug}", response=UploadBatchOut)
def list_uploads(request: HttpRequest, slug: str) -> Any:
    """What is on its way: a client that starts again sees here which files are whole and where others stopped."""
    batch = batch_for(request, slug)
    return {"id": batch.pk, "files": list(batch.uploads.select_related("batch"))} if batch else {}


@router.api_operation(["OPTIONS"], "/{slug}", include_in_schema=False)
def tus_abilities(request: HttpRequest, slug: str) -> HttpResponse:
    return tus.abilities()


@router.post("/{slug}", response={201: None}, url_name="tus_create")
def create_upload(request: HttpRequest, slug: str) -> HttpResponse:
    """tus creation, with the first bytes if they are sent along."""
    tus.check_version(request)
    batch = open_batch(dataset_for(request, slug), request.user)  # type: ignore[arg-type]
    upload = register(batch, tus.name_of(request), tus.whole_number(request, "Upload-Length"))
    offset = upload.offset
    if tus.has_body(request) and offset == 0:
        offset = receive(upload, 0, request.read)
    if upload.finished_at:
        announce(upload)
    location = reverse("api-1:tus_file", args=[upload.pk])
    return tus.reply(201, Location=request.build_absolute_uri(location), Upload_Offset=offset)


@router.api_operation(["HEAD"], "/file/{pk}", include_in_schema=False)
def upload_state(request: HttpRequest, pk: UUID) -> HttpResponse:
    tus.check_version(request)
    return tus.state_of(upload_for(request, pk))


@router.patch("/file/{pk}", response={204: None}, url_name="tus_file")
def append_upload(request: HttpRequest, pk: UUID) -> HttpResponse:
    """tus core: the next bytes of a file."""
    tus.check_version(request)
    tus.check_body(request)
    upload = upload_for(request, pk)
    offset = receive(upload, tus.whole_number(request, "Upload-Offset"), request.read)
    if upload.finished_at:
        announce(upload)
    return tus.reply(204, Upload_Offset=offset)


@router.delete("/file/{pk}", response={204: None})
def delete_upload(request: HttpRequest, pk: UUID) -> HttpResponse:
    """tus termination."""
    discard(upload_for(request, pk))
    return tus.reply(204)


@router.post("/{slug}/finish", response={202: UploadJobOut})
def finish_uploads(request: HttpRequest, slug: str, body: FinishIn) -> Status:
    """Import what came: labels are matched with their photos, archives are opened."""
    batch = batch_for(request, slug)
    if batch is None or not batch.uploads.filter(finished_at__isnull=False).exists():
        raise UserError("nothing_to_import", "Nothing has been uploaded yet. Send files first.", 409)
    unfinished = batch.uploads.filter(finished_at=None).count()
    if unfinished and not body.leave_out:
        message = f"{unfinished:,} files are not whole yet. Finish them, or take them out, then import."
        raise UserError("unfinished", message, 409)
    options = ImportOptions(parse_mapping(body.mapping), body.label_map)
    if body.preview:
        job = preview_job(batch.dataset, batch.files, options, batch.user)
        url = reverse("datasets:import-preview", args=[slug, job.pk])
    else:
        job = import_job(batch.dataset, batch.files, options, batch.user, remove=True)
        url = job.get_absolute_url()
    close(batch, keep_files=True)
    enqueue(job)
    return Status(202, {"job": str(job.pk), "url": url})


@router.delete("/{slug}", response={204: None})
def throw_away(request: HttpRequest, slug: str) -> HttpResponse:
    """Throw away what was uploaded and not imported. Photos that are in the dataset already stay there."""
    if batch := batch_for(request, slug):
        close(batch)
    return HttpResponse(status=204)
