"""The classes of a dataset: one page, whose buttons all post to itself."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods, require_safe

from datasets.access import dataset_for
from datasets.browsing.filters import whole
from datasets.curation import classes as act
from datasets.curation.jobs import merge_or_submit
from datasets.models import Dataset, LabelClass
from datasets.views.grid import tell
from sw_site.lib.errors import UserError

MAX_LABEL_MAP = 1024 * 1024


@require_http_methods(["GET", "POST"])
def class_list(request: HttpRequest, slug: str) -> HttpResponse:
    dataset = dataset_for(request, slug)
    if request.method == "POST":
        try:
            change_classes(request, dataset)
        except UserError as error:
            messages.error(request, error.message)
        return redirect("datasets:class-list", dataset.slug)
    classes = list(dataset.classes.annotate(box_count=Count("boxes")))
    images = dict(
        dataset.classes.order_by()
        .values_list("pk")
        .annotate(n=Count("boxes__image", distinct=True))
        .values_list("pk", "n")
    )
    for each in classes:
        each.image_count = images.get(each.pk, 0)  # type: ignore[attr-defined]
    context = {
        "dataset": dataset,
        "tab": "classes",
        "classes": [c for c in classes if not c.retired],
        "retired": [c for c in classes if c.retired],
    }
    return TemplateResponse(request, "datasets/class_list.html", context)


@require_safe
def label_map(request: HttpRequest, slug: str) -> HttpResponse:
    dataset = dataset_for(request, slug)
    response = HttpResponse(act.export_label_map(dataset), content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{dataset.slug}_label_map.pbtxt"'
    return response


def change_classes(request: HttpRequest, dataset: Dataset) -> None:
    """One action of the page. Raises UserError with what is wrong with it."""
    data = request.POST
    action = data.get("action", "add")
    if action == "add":
        made = act.add_class(dataset, data.get("name", ""))
        messages.success(request, f"Class {made.name} has number {made.number}.")
    elif action == "label_map":
        made_now = act.import_label_map(dataset, _uploaded_text(request))
        messages.success(request, f"{len(made_now)} classes added from the label map.")
    else:
        change_class(request, _class(dataset, data.get("class", "")), action)


def change_class(request: HttpRequest, label_class: LabelClass, action: str) -> None:
    data = request.POST
    if action == "edit":
        act.rename_class(label_class, data.get("name", ""))
        act.edit_class(
            label_class,
            colour=data.get("colour", ""),
            hotkey=data.get("hotkey", ""),
            aliases=data.get("aliases", "").splitlines(),
        )
        messages.success(request, f"{label_class.name} is saved.")
    elif action in ("retire", "restore"):
        act.retire_class(label_class, action == "retire")
        word = "offered no more; its boxes stay" if action == "retire" else "offered again"
        messages.success(request, f"{label_class.name} is {word}.")
    elif action == "merge":
        target = _class(label_class.dataset, data.get("target", ""))
        tell(request, label_class.dataset, merge_or_submit(label_class, target, request.user))  # type: ignore[arg-type]
    elif action in ("up", "down"):
        move_class(label_class, -1 if action == "up" else 1)
    else:
        raise UserError("unknown_action", "The page asked for something unknown. Reload it and try again.", 422)


def move_class(label_class: LabelClass, step: int) -> None:
    """One place up or down among the classes that are shown."""
    ids = list(label_class.dataset.classes.filter(retired=False).values_list("pk", flat=True))
    if label_class.pk not in ids:
        return
    here = ids.index(label_class.pk)
    there = min(max(here + step, 0), len(ids) - 1)
    ids[here], ids[there] = ids[there], ids[here]
    act.reorder_classes(label_class.dataset, ids)


def _class(dataset: Dataset, pk: str) -> LabelClass:
    found = dataset.classes.select_related("dataset").filter(pk=whole(pk) or 0).first()
    if found is None:
        raise UserError("unknown_class", "Choose a class of this dataset; that one is not here (any more).", 422)
    return found


def _uploaded_text(request: HttpRequest) -> str:
    file: Any = request.FILES.get("label_map")
    if file is None or file.size > MAX_LABEL_MAP:
        raise UserError("label_map_file", "Choose a .pbtxt file of at most 1 MB, then read it in.", 422)
    try:
        return str(file.read().decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise UserError("label_map_file", "This file is not a text in UTF-8. Choose the .pbtxt itself.", 422) from error
