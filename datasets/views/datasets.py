"""Pages of a dataset: list, and making one."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods, require_safe

from datasets.browsing import with_covers
from datasets.forms import DatasetForm
from datasets.models import Dataset


@require_safe
def dataset_list(request: HttpRequest) -> HttpResponse:
    datasets = with_covers(Dataset.objects.visible_to(request.user).for_list(), request.user)
    return TemplateResponse(request, "datasets/dataset_list.html", {"datasets": datasets})


@require_http_methods(["GET", "POST"])
def dataset_create(request: HttpRequest) -> HttpResponse:
    form = DatasetForm(request.POST) if request.method == "POST" else DatasetForm()
    if request.method == "POST" and form.is_valid():
        dataset = form.save(commit=False)
        dataset.created_by = request.user
        dataset.save()
        return redirect("datasets:upload", dataset.slug)
    return TemplateResponse(request, "datasets/dataset_form.html", {"form": form})
