"""Pages of a dataset: list, making one, classes."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods, require_safe

from datasets.access import dataset_for
from datasets.browsing import with_covers
from datasets.forms import ClassForm, DatasetForm
from datasets.models import Dataset


@require_safe
def dataset_list(request: HttpRequest) -> HttpResponse:
    datasets = with_covers(Dataset.objects.visible_to(request.user).for_list())
    return TemplateResponse(request, "datasets/dataset_list.html", {"datasets": datasets})


@require_http_methods(["GET", "POST"])
def dataset_create(request: HttpRequest) -> HttpResponse:
    form = DatasetForm(request.POST) if request.method == "POST" else DatasetForm()
    if request.method == "POST" and form.is_valid():
        dataset = form.save(commit=False)
        dataset.created_by = request.user
        dataset.save()
        return redirect("datasets:import-create", dataset.slug)
    return TemplateResponse(request, "datasets/dataset_form.html", {"form": form})


@require_http_methods(["GET", "POST"])
def class_list(request: HttpRequest, slug: str) -> HttpResponse:
    dataset = dataset_for(request, slug)
    form = ClassForm(request.POST) if request.method == "POST" else ClassForm()
    if request.method == "POST" and form.is_valid():
        label_class = dataset.add_class(form.cleaned_data["name"].strip())
        messages.success(request, f"Class {label_class.name} has number {label_class.number}.")
        return redirect("datasets:class-list", dataset.slug)
    classes = dataset.classes.annotate(
        box_count=Count("boxes"), image_count=Count("boxes__image", distinct=True)
    ).order_by("number")
    context = {"dataset": dataset, "tab": "classes", "classes": classes, "form": form}
    return TemplateResponse(request, "datasets/class_list.html", context)
