"""The page where a person gives the commands of the editor and the review desk other keys."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from datasets.editor_keys import COMMANDS, all_keys, key_table, printed, reset_keys


@never_cache
@require_http_methods(["GET", "POST"])
def editor_keys(request: HttpRequest) -> HttpResponse:
    """All commands with the person's keys; POST gives them the site's keys again."""
    if request.method == "POST":
        reset_keys(request.user)  # type: ignore[arg-type]
        messages.success(request, "Every command has the site's keys again.")
        return redirect("datasets:editor-keys")
    table = key_table(request.user)  # type: ignore[arg-type]
    return TemplateResponse(request, "datasets/editor_keys.html", {"groups": _groups(table["changed"]), "table": table})


def _groups(changed: dict[str, list[str]]) -> list[tuple[str, list[dict[str, Any]]]]:
    keys = all_keys(changed)
    rows = [
        {"name": one.name, "text": one.text, "group": one.group, "keys": [printed(key) for key in keys[one.name]]}
        for one in COMMANDS.values()
    ]
    return [(title, list(members)) for title, members in groupby(rows, key=lambda row: row["group"])]
