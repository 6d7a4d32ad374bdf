"""Two versions of a dataset side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Set
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from datasets.access import version_for
from datasets.browsing.filters import whole
from datasets.models import DatasetVersion
from datasets.review.hidden import hidden_images
from datasets.versions.difference import ImageChange, compare
from datasets.versions.manifest import ManifestError
from datasets.views.version_files import frozen_photo, still_here

CHANGES = 48


@require_safe
def version_diff(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """From the version named in `from` (the one before, when it is not) to this one."""
    after = version_for(request, slug, number)
    others = list(after.dataset.versions.exclude(pk=after.pk).select_related("dataset").order_by("-number"))
    before = choose(others, whole(request.GET.get("from", "")), number)
    if before is None:
        messages.info(request, "There is only one version yet, so there is nothing to compare it with.")
        return redirect(after)
    try:
        old, new = before.manifest(), after.manifest()
    except ManifestError as error:
        messages.error(request, str(error))
        return redirect("datasets:version-list", slug)
    hidden = hidden_images(request.user, after.dataset).digests
    everything = compare(old, new)
    difference = everything.without(hidden)
    page = Paginator(difference.images, CHANGES).get_page(request.GET.get("page"))
    here = still_here([change.image for change in page])
    classes = {**old.classes, **new.classes}
    context = {
        "dataset": after.dataset,
        "version": after,
        "before": before,
        "others": others,
        "difference": difference,
        "counts": difference.counts(),
        "left_out": len(everything.images) - len(difference.images),
        "page_obj": page,
        "changes": [
            (
                c,
                frozen_photo(before if c.kind == "removed" else after, c.image, classes, here, drawn(c, hidden)),
                words(c, classes),
            )
            for c in page
        ],
    }
    return TemplateResponse(request, "datasets/version_diff.html", context)


def choose(others: list[DatasetVersion], wanted: int | None, number: int) -> DatasetVersion | None:
    """The version of that number, else the one before `number`, else any other."""
    named = next((v for v in others if v.number == wanted), None)
    return named or next((v for v in others if v.number < number), None) or next(iter(others), None)


def drawn(change: ImageChange, hidden: Set[str]) -> Any:
    """Boxes as they were are dashed, as they are now are solid; images that came or went show all of theirs."""
    if change.image.sha256 in hidden:
        return []
    if change.kind != "changed":
        return None
    pairs = [(box, dashed) for each in change.boxes for box, dashed in ((each.before, True), (each.after, False))]
    return [(box, dashed) for box, dashed in pairs if box is not None]


def words(change: ImageChange, classes: dict[int, str]) -> str:
    """ "1 moved, BB-8 → R2-D2, train → val"."""
    kinds = Counter(box.kind for box in change.boxes if box.kind != "relabelled")
    names = Counter(
        f"{classes[box.before.class_id]} → {classes[box.after.class_id]}"
        for box in change.boxes
        if box.kind == "relabelled" and box.before and box.after
    )
    said = [f"{count} {kind}" for kind, count in kinds.items()]
    said += [f"{count} {pair}" if count > 1 else pair for pair, count in names.items()]
    return ", ".join([*said, *([f"{change.splits[0]} → {change.splits[1]}"] if change.splits else [])]) or change.kind
