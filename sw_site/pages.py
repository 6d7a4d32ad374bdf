"""Pages that draw on every app: home and search. The only place, with urls and api, where all apps meet."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from datasets.models import Dataset, Image
from sw_site.jobs.models import Job
from training.models import Run, TrainedModel


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    datasets = Dataset.objects.visible_to(request.user).for_list().order_by("-created_at")[:6]
    context = {
        "datasets": datasets,
        "jobs": Job.objects.visible_to(request.user).active().defer("log", "payload")[:8],
        "models": TrainedModel.objects.visible_to(request.user).for_list()[:5],
        "runs": Run.objects.visible_to(request.user).for_list()[:5],
    }
    return TemplateResponse(request, "home.html", context)


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    text = request.GET.get("q", "").replace("\x00", "").strip()[:100]
    context: dict[str, object] = {"text": text}
    if text:
        context["datasets"] = Dataset.objects.visible_to(request.user).filter(name__icontains=text)[:20]
        images = Image.objects.visible_to(request.user).filter(file_name__icontains=text)
        context["images"] = images.for_grid()[:48]
        context["models"] = TrainedModel.objects.visible_to(request.user).filter(name__icontains=text)[:20]
    return TemplateResponse(request, "search.html", context)
