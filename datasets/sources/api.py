"""Imports from a folder on the server, from addresses and from videos over the API."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import File, Form, Router, Schema, Status
from ninja.files import UploadedFile
from ninja.pagination import paginate

from datasets.access import dataset_for, image_for
from datasets.importing.classes import parse_mapping
from datasets.importing.importer import ImportOptions
from datasets.sources.jobs import folder_job, folder_preview_job, sweep_videos, url_job, video_job
from datasets.sources.roots import allowed_path, allowed_video, check_administrator, import_roots, list_folder
from datasets.sources.uploaded import take_uploads
from datasets.sources.video import FrameChoice
from datasets.transfer_api import ImportIn, WorkOut, work_out
from datasets.views.sources import files_below
from datasets.views.transfer import keep_uploads
from sw_site.jobs.queue import enqueue
from sw_site.lib.errors import UserError
from sw_site.lib.schemas import Asked, Body

router = Router(tags=["import and export"])


class FolderIn(ImportIn):
    path: str


class OriginOut(Schema):
    """`source`: the address, or the name of the video, of which it is a `frame` at so many `seconds`."""

    kind: str
    source: str
    frame: int | None
    seconds: float | None


class UrlsIn(Body):
    urls: list[str]


class VideoSourceIn(Schema):
    """Every `seconds` seconds (1 when neither is given), or every `frames` frames.

    `uploads` are numbers of files that were sent by tus to /api/v1/uploads; `path` is a video on the server.
    """

    seconds: float = 0
    frames: int = 0
    keep_alike: bool = False
    path: Asked = ""
    uploads: list[UUID] = []

    def choice(self) -> FrameChoice:
        return FrameChoice(self.seconds or (0 if self.frames else 1.0), self.frames, self.keep_alike)


@router.get("/{slug}/imports/folder")
def list_server_folder(request: HttpRequest, slug: str, path: Asked = "") -> dict[str, Any]:
    """What lies below the import roots (administrators): without a path the roots themselves."""
    dataset_for(request, slug)
    check_administrator(request.user)
    if not path:
        return {"roots": [str(root) for root in import_roots()]}
    here = allowed_path(path)
    if not here.is_dir():
        raise UserError("not_a_folder", f"{here} is not a folder.", 409)
    found = list_folder(here)
    lists = {name: [str(each) for each in getattr(found, name)] for name in ("folders", "zips", "videos")}
    return {"path": str(here), **lists, "images": found.images, "others": found.others}


@router.post("/{slug}/imports/folder", response={202: WorkOut})
def import_folder(request: HttpRequest, slug: str, body: FolderIn) -> Status:
    """Import a folder or zip that lies on the server, below the import roots (administrators)."""
    dataset = dataset_for(request, slug)
    check_administrator(request.user)
    names = ("label_map", "format", "existing", "one_based", "stored_frame")
    options = ImportOptions(parse_mapping(body.mapping), **{name: getattr(body, name) for name in names})
    make = folder_preview_job if body.preview else folder_job
    return _started(make(dataset, allowed_path(body.path), options, request.user))  # type: ignore[arg-type]


@router.post("/{slug}/imports/urls", response={202: WorkOut})
def import_urls(request: HttpRequest, slug: str, body: UrlsIn) -> Status:
    """Fetch images from addresses and import them; the report answers every one that gave none with a reason."""
    dataset = dataset_for(request, slug)
    return _started(url_job(dataset, "\n".join(body.urls), request.user))  # type: ignore[arg-type]


@router.post("/{slug}/imports/video", response={202: WorkOut}, url_name="import_video")
def import_video(
    request: HttpRequest,
    slug: str,
    body: Form[VideoSourceIn],
    files: list[UploadedFile] = File(default=[]),  # noqa: B008
) -> Status:
    """Take frames from videos and import them."""
    dataset, choice = dataset_for(request, slug), body.choice()
    choice.check()
    if body.path:
        check_administrator(request.user)
        there = allowed_video(body.path)
        return _started(video_job(dataset, [there], choice, request.user, confined=True))  # type: ignore[arg-type]
    if not files and not body.uploads:
        raise UserError("no_video", "Send at least one video, in the field files.")
    sweep_videos()
    folder = take_uploads(dataset, request.user, body.uploads) if body.uploads else keep_uploads(list(files))
    job = video_job(dataset, files_below(folder), choice, request.user, str(folder))  # type: ignore[arg-type]
    return _started(job)


def _started(job: Any) -> Status:
    enqueue(job)
    return Status(202, work_out(job))


@router.get("/images/{pk}/origins", response=list[OriginOut])
@paginate
def list_origins(request: HttpRequest, pk: int) -> list[dict[str, Any]]:
    """The address an image was fetched from, or its place in a video."""
    rows = image_for(request, pk).origins.all()
    return [{"kind": o.kind, "source": o.source, "frame": o.frame, "seconds": o.seconds} for o in rows]
