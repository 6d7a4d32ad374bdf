"""The page files are dropped on; the bytes themselves go through the API (datasets/uploads)."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from datasets.access import dataset_for
from datasets.importing.matching import VIDEO_SUFFIXES
from datasets.sources.forms import VideoForm


@require_safe
def upload_page(request: HttpRequest, slug: str) -> HttpResponse:
    dataset = dataset_for(request, slug)
    context = {"dataset": dataset, "tab": "import", "endpoint": reverse("api-1:tus_create", args=[slug])}
    context |= {"frames": reverse("api-1:import_video", args=[slug]), "video_form": VideoForm(of_server=True)}
    context |= {"videos": " ".join(sorted(VIDEO_SUFFIXES))}
    context |= {"urls_on": settings.URL_IMPORT, "roots_set": bool(settings.IMPORT_ROOTS)}
    return TemplateResponse(request, "datasets/upload.html", context)
