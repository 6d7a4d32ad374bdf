"""Videos: the form, the player with its timeline, its files, and its frames on their way to a dataset."""

from __future__ import annotations

from pathlib import Path

from django.contrib import messages
from django.core.files.storage import default_storage
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from datasets.access import dataset_for
from datasets.models import Dataset
from detections.access import video_for, videos_for, who
from detections.videos.actions import send_frames, uncertain_frames
from detections.videos.display import rows
from detections.videos.forms import VideoForm
from detections.videos.ranges import ranged
from detections.videos.work import remarks
from detections.views.status import status_response
from sw_site.accounts.roles import Role
from sw_site.lib.errors import UserError

ROWS_PER_PAGE = 50
USUAL_FRAMES = 20
FILES = {"annotated": "video/webm", "boxes": "application/x-ndjson"}


@require_http_methods(["GET", "HEAD", "POST"])
def video_list(request: HttpRequest) -> HttpResponse:
    """Videos so far, and the form for another."""
    form = VideoForm(
        request.POST if request.method == "POST" else None,
        request.FILES or None,
        user=who(request),
        initial={"model": request.GET.get("model")},
    )
    if request.method == "POST" and form.is_valid() and (scan := form.start()):
        messages.info(request, "The video is waiting for a worker; this page fills when it is done.")
        return redirect(scan)
    page = Paginator(videos_for(request), ROWS_PER_PAGE).get_page(request.GET.get("page"))
    status = 422 if form.errors else 200
    return TemplateResponse(request, "detections/video_list.html", {"form": form, "page": page}, status=status)


@require_safe
def video_detail(request: HttpRequest, pk: int) -> HttpResponse:
    scan = video_for(request, pk)
    done = bool(scan.summary)
    context = {
        "scan": scan,
        "job": scan.job,
        "summary": scan.summary,
        "rows": rows(scan) if done else [],
        "remarks": remarks(scan.summary) if done else [],
        "datasets": Dataset.objects.open_to(request.user, Role.REVIEWER).order_by("name") if done else [],
        "frames": min(USUAL_FRAMES, len(uncertain_frames(scan, USUAL_FRAMES))) if done else 0,
    }
    return TemplateResponse(request, "detections/video_detail.html", context)


@require_safe
def video_status(request: HttpRequest, pk: int) -> HttpResponse:
    return status_response(request, video_for(request, pk))


@require_safe
def video_file(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """The copy with boxes (in parts, so that a player can jump), or the boxes as lines of JSON."""
    scan = video_for(request, pk)
    stored = {"annotated": scan.annotated, "boxes": scan.boxes_file}.get(name, "")
    path = Path(default_storage.path(stored)) if stored else None
    if path is None or not path.is_file():
        raise Http404("This video has no such file (any more). Let the model look at it again.")
    if name == "annotated" and "download" not in request.GET:
        return ranged(request, path, FILES[name])
    shown = f"{Path(scan.file_name).stem}{'-boxes.webm' if name == 'annotated' else '-boxes.jsonl'}"
    response: HttpResponse = FileResponse(  # type: ignore[assignment]
        path.open("rb"), content_type=FILES[name], as_attachment=True, filename=shown
    )
    return response


@require_POST
def video_frames(request: HttpRequest, pk: int) -> HttpResponse:
    """Sends the frames the model is least sure of to a dataset."""
    scan = video_for(request, pk)
    chosen = request.POST.get("dataset", "")
    dataset = dataset_for(request, chosen)
    count = request.POST.get("count", "")
    try:
        job = send_frames(scan, dataset, int(count) if count.isdecimal() and len(count) < 7 else 0, who(request))
    except UserError as error:
        messages.warning(request, error.message)
        return redirect(scan)
    messages.info(request, f"{job.title}: on its way.")
    return redirect(scan)
