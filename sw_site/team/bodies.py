"""What is sent to the API is looked at before anything reads it: its kind (415), and characters no database keeps."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from ninja.parser import Parser

from sw_site.lib.errors import UserError

API = "/api/"
JSON, FORMS = "application/json", ("multipart/form-data", "application/x-www-form-urlencoded")
NUL = UserError("not_valid", "Text may not contain the character NUL (0). Send it without.", 422)


class NoNumber(str):
    """NaN or an Infinity, where JSON has a number."""


class StrictParser(Parser):
    """JSON as its standard has it: NaN and Infinity are no numbers."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(request.body, parse_constant=NoNumber)
        if b"NaN" in request.body or b"Infinity" in request.body:
            refuse_no_numbers(body)
        return body


def refuse_no_numbers(value: Any, place: str = "The body") -> None:
    """ValueError that says where the first of them is, as operations.0.box.x1."""
    if isinstance(value, NoNumber):
        raise ValueError(f"{place} is {value}, which is no number of JSON")
    rows = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, row in rows:
        refuse_no_numbers(row, f"{key}" if place == "The body" else f"{place}.{key}")


class BodyMiddleware:
    """After the questions of who may, and before the view."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponseBase | None:
        if not request.path.startswith(API):
            return None
        try:
            refuse_nul(request)
            refuse_other_kinds(request)
        except UserError as error:
            return JsonResponse(error.as_json(), status=error.status)
        except RequestDataTooBig:
            return None  # the view says so
        return None


def refuse_nul(request: HttpRequest) -> None:
    """Raises UserError: 404 for NUL in the address, 422 in what is asked or sent."""
    if "\0" in request.path:
        raise UserError("not_found", "There is nothing at this address.", 404)
    if "%00" in request.META.get("QUERY_STRING", ""):
        raise NUL
    if request.content_type == JSON and b"\\u0000" in request.body:
        raise NUL
    if request.content_type in FORMS and request.method == "POST":
        values = [value for _, rows in request.POST.lists() for value in rows]
        if any("\0" in str(value) for value in [*request.POST, *values]):
            raise NUL


def refuse_other_kinds(request: HttpRequest) -> None:
    """Raises UserError 415 where a body is sent in a kind that the address does not read."""
    match = request.resolver_match
    reads = read_kinds().get((request.method or "", match.route if match else ""))
    if not reads or not int(request.headers.get("Content-Length") or 0):
        return
    known = (JSON,) if JSON in reads else FORMS
    if request.content_type not in known:
        said = f"“{request.content_type[:60]}”" if request.content_type else "nothing"
        message = f"This address reads {known[0]}, and Content-Type says {said}. Send it as that."
        raise UserError("unsupported_media_type", message, 415)


@cache
def read_kinds() -> dict[tuple[str, str], set[str]]:
    """Kinds of bodies by method and route; those that read none, or bytes as they are, are not in it."""
    from sw_site.api import api

    found = {}
    for path, operations in api.get_openapi_schema()["paths"].items():
        for method, operation in operations.items():
            if body := operation.get("requestBody"):
                found[method.upper(), path] = set(body["content"])
    routes = {re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", f"/{route}"): route for route in _routes()}
    return {(method, routes[path]): kinds for (method, path), kinds in found.items()}


def _routes() -> list[str]:
    from sw_site.api import api

    return [f"api/v1/{entry.pattern}" for entry in api.urls[0]]
