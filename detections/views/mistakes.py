"""Searches for label mistakes, and the queue in which they are answered by single keys."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from detections.access import search_for, searches_for, suspicion_for, who
from detections.mistake_models import Answer, Kind, MistakeSearch, Suspicion
from detections.mistakes.answers import answer, last_answered, next_open, take_back
from detections.mistakes.display import make_card
from detections.mistakes.documents import search_json, suspicion_list
from detections.mistakes.forms import SearchForm
from detections.mistakes.yields import yields
from detections.views.status import status_response
from sw_site.lib.errors import UserError

ROWS_PER_PAGE = 50


@require_http_methods(["GET", "HEAD", "POST"])
def mistake_list(request: HttpRequest) -> HttpResponse:
    """Searches so far, and the form for another."""
    initial = {name: request.GET.get(name) for name in ("dataset", "model")}
    form = SearchForm(request.POST if request.method == "POST" else None, user=who(request), initial=initial)
    if request.method == "POST" and form.is_valid() and (search := form.start()):
        messages.info(request, "The search is waiting for a worker; this page fills when it is done.")
        return redirect(search)
    page = Paginator(searches_for(request), ROWS_PER_PAGE).get_page(request.GET.get("page"))
    status = 422 if form.errors else 200
    return TemplateResponse(request, "detections/mistake_list.html", {"form": form, "page": page}, status=status)


@never_cache  # the browser's Back must not bring an answered question
@require_safe
def mistake_search(request: HttpRequest, pk: int) -> HttpResponse:
    """How the search stands, and the next question."""
    search = search_for(request, pk)
    kind = request.GET.get("kind", "")
    after = int(text) if (text := request.GET.get("after", "")).isdecimal() and len(text) < 9 else 0
    found = next_open(search, kind, after, who(request)) if search.summary else None
    counts = yields(search, who(request))
    context: dict[str, Any] = {
        "search": search,
        "job": search.job,
        "kind": kind if kind in Kind.values else "",
        "card": make_card(found) if found else None,
        "total": counts[""],
        "chips": [(name, Kind(name).label if name else "All", each) for name, each in counts.items()],
        "skipped": after,
        "can_take_back": last_answered(search, who(request)) is not None,
    }
    return TemplateResponse(request, "detections/mistake_search.html", context)


@require_POST
def mistake_answer(request: HttpRequest, pk: int) -> HttpResponse:
    suspicion = suspicion_for(request, pk)
    said = request.POST.get("said", "")
    try:
        answer(suspicion, said, who(request))
    except UserError as error:
        messages.warning(request, error.message)
    else:
        if said == Answer.EDITED:
            return redirect(editor_url(suspicion))
    return back_to(suspicion.search, request)


def editor_url(suspicion: Suspicion) -> str:
    """The label editor on the box in question."""
    place: dict[str, Any] = suspicion.was or suspicion.proposal or {}
    at = {"at": ",".join(f"{place[name]:.1f}" for name in ("x1", "y1", "x2", "y2"))}
    box = {"box": str(suspicion.box_id)} if suspicion.was else {}
    return f"{suspicion.image.get_absolute_url()}?{urlencode(box | at)}"


def back_to(search: MistakeSearch, request: HttpRequest) -> HttpResponse:
    kind = request.POST.get("kind", "")
    return redirect(search.get_absolute_url() + (f"?kind={kind}" if kind in Kind.values else ""))


@require_POST
def mistake_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Takes this person's last answer back."""
    search = search_for(request, pk)
    last = last_answered(search, who(request))
    try:
        if last is None:
            raise UserError("not_answered", "You have not answered anything here yet.")
        take_back(last, who(request))
    except UserError as error:
        messages.warning(request, error.message)
    return back_to(search, request)


@require_safe
def mistake_status(request: HttpRequest, pk: int) -> HttpResponse:
    return status_response(request, search_for(request, pk))


@require_safe
def mistake_download(request: HttpRequest, pk: int) -> HttpResponse:
    search = search_for(request, pk)
    document = search_json(search, who(request)) | {"suspicions": suspicion_list(search, who(request))}
    response = JsonResponse(document, json_dumps_params={"indent": 1})
    response["Content-Disposition"] = f'attachment; filename="label-mistakes-{pk}.json"'
    return response
