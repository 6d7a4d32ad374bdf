"""Pages that draw on every app: home and search. The only place, with urls and api, where all apps meet."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from datasets.browsing import with_covers
from datasets.models import Dataset, DatasetVersion, Image
from datasets.review.hidden import veil
from detections.models import Evaluation
from sw_site.jobs.models import Job, JobState
from training.models import Run, TrainedModel


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    newest = Dataset.objects.visible_to(request.user).for_list().order_by("-created_at")[:6]
    datasets = with_covers(newest, request.user)
    context = {
        "datasets": datasets,
        "steps": first_steps(request),
        "waiting": [d for d in datasets if d.image_count > d.labelled_count],
        "failed": Job.objects.visible_to(request.user).filter(state=JobState.FAILED).defer("log", "payload")[:3],
        "jobs": Job.objects.visible_to(request.user).active().defer("log", "payload")[:8],
        "models": TrainedModel.objects.visible_to(request.user).for_list()[:5],
        "runs": Run.objects.visible_to(request.user).for_list()[:5],
    }
    return TemplateResponse(request, "home.html", context)


@dataclass(frozen=True)
class Step:
    """One step of the road, for somebody who walks it the first time."""

    title: str
    text: str
    url: str
    done: bool


def first_steps(request: HttpRequest) -> list[Step]:
    """The road as a list with ticks, until there is an evaluated model; then nobody needs it any more."""
    user = request.user
    if Evaluation.objects.visible_to(user).exists():
        return []
    dataset = Dataset.objects.visible_to(user).order_by("pk").last()
    version = DatasetVersion.objects.visible_to(user).order_by("pk").last()
    model = TrainedModel.objects.visible_to(user).first()
    page = dataset.get_absolute_url() if dataset else reverse("datasets:dataset-create")
    freeze = reverse("datasets:version-create", args=[dataset.slug]) if dataset else page
    return [
        Step("Look at the labels", "Open photos, fix a box or two. It saves by itself.", page, version is not None),
        Step("Freeze a version", "Photos, boxes and split, never to change again.", freeze, version is not None),
        Step(
            "Train", "Four fields; the page shows what the model learns.", reverse("training:run-create"), bool(model)
        ),
        Step("Evaluate", "See every hit, miss and false alarm.", reverse("detections:evaluation-create"), False),
    ]


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    text = request.GET.get("q", "").replace("\x00", "").strip()[:100]
    context: dict[str, object] = {"text": text}
    if text:
        context["datasets"] = Dataset.objects.visible_to(request.user).filter(name__icontains=text)[:20]
        images = Image.objects.visible_to(request.user).filter(file_name__icontains=text)
        context["images"] = found = list(images.for_grid()[:48])
        veil(found, request.user)
        context["models"] = TrainedModel.objects.visible_to(request.user).filter(name__icontains=text)[:20]
    return TemplateResponse(request, "search.html", context)
