"""The page that pre-labels a filter's images."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods

from datasets.access import dataset_for
from datasets.browsing import GridFilter
from datasets.models import Dataset
from datasets.views.grid import choices
from detections.access import who
from detections.prelabel import Wish
from detections.prelabel_actions import start_label_next, start_prelabel
from detections.proposals import open_images
from detections.target_forms import LabelNextForm, PrelabelForm
from sw_site.jobs.models import Job
from sw_site.lib.errors import UserError


@require_http_methods(["GET", "HEAD", "POST"])
def prelabel_create(request: HttpRequest, slug: str) -> HttpResponse:
    """The filter is that of the address, as on the dataset's page."""
    dataset, found = dataset_for(request, slug), GridFilter.read(request.GET)
    form = PrelabelForm(
        request.POST if request.method == "POST" else None,
        user=who(request),
        initial={"model": request.GET.get("model")},
    )
    if request.method == "POST" and form.is_valid() and (job := start(form, dataset, found)):
        messages.info(request, f"{job.title}: this runs in the background.")
        return redirect(dataset)
    images = found.apply(dataset, who(request))
    context = {
        "dataset": dataset,
        "form": form,
        "query": found.query_string(),
        "chips": choices(dataset, found)["chips"],
        "matching": images.count(),
        "unanswered": images.filter(open_images(False)).count(),
        "open": images.filter(open_images(True)).count(),
    }
    status = 422 if form.errors else 200
    return TemplateResponse(request, "detections/prelabel_form.html", context, status=status)


def start(form: PrelabelForm, dataset: Dataset, found: GridFilter) -> Job | None:
    """The queued job; None when it was refused, with the reason among the form's errors."""
    data = form.cleaned_data
    wish = Wish(found.query_string(), data["threshold"], data["also_labelled"])
    try:
        return start_prelabel(data["model"], dataset, wish, form.answers(data["model"], dataset), form.user)
    except UserError as error:
        form.refuse(error, data["model"], dataset)
        return None


@require_http_methods(["GET", "HEAD", "POST"])
def label_next_create(request: HttpRequest, slug: str) -> HttpResponse:
    """Which photos of the filter to label next, chosen with a model into a view."""
    dataset, found = dataset_for(request, slug), GridFilter.read(request.GET)
    form = LabelNextForm(request.POST if request.method == "POST" else None, user=who(request))
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        values = (data["model"], dataset, found.query_string(), data["count"], data["name"])
        try:
            batch = start_label_next(*values, who(request))
        except UserError as error:
            form.add_error(None, error.message)
        else:
            messages.info(request, "The model looks at the photos; then this page leads to those chosen.")
            return redirect(batch)
    context = {
        "dataset": dataset,
        "form": form,
        "query": found.query_string(),
        "chips": choices(dataset, found)["chips"],
        "unanswered": found.apply(dataset, who(request)).filter(open_images(False)).count(),
    }
    status = 422 if form.errors else 200
    return TemplateResponse(request, "detections/label_next_form.html", context, status=status)
