"""`If-Match`: a change is made only to what the client saw, so that nobody's change is written over unseen."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable

from django.db import connection, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve
from django.utils.cache import set_response_etag
from django.utils.http import parse_etags

from sw_site.accounts.policy import SAFE
from sw_site.lib.errors import UserError
from sw_site.lib.turns import in_turn
from sw_site.team.middleware import API, refusal

CHANGED = "Somebody changed this since you read it. Read it again, and send your change with the new ETag."
Answer = Callable[[HttpRequest], HttpResponseBase]


class IfMatchMiddleware:
    """412 where `If-Match` names another state than the address has, or the nearest above it that has one."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        named = request.headers.get("If-Match", "")
        asked = named and request.method not in SAFE and request.path.startswith(API) and request.user.is_authenticated
        if not asked:
            return self.get_response(request)
        with in_turn(), transaction.atomic():
            _alone(request.path)
            now = etag_of(request)
            if now is None or (named.strip() != "*" and now not in parse_etags(named)):
                return refusal("changed_meanwhile", CHANGED, 412)
            return self.get_response(request)


def _alone(path: str) -> None:
    """Of requests with `If-Match` one at a time for what an address is about; SQLite has one writer as it is."""
    if connection.vendor != "postgresql":
        return
    above = "/".join(path.split("/")[:6])
    number = int.from_bytes(hashlib.sha256(above.encode()).digest()[:8], signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])


def etag_of(request: HttpRequest) -> str | None:
    """What a GET of this address would have as its ETag; else of the nearest address above that answers one."""
    path = request.path
    while path.count("/") > 3:
        if found := _etag_at(request, path):
            return found
        path = path.rpartition("/")[0]
    return None


def _etag_at(request: HttpRequest, path: str) -> str | None:
    reading = copy.copy(request)
    reading.method, reading.path, reading.path_info = "GET", path, path
    reading.GET = reading.GET.__class__("")
    try:
        match = reading.resolver_match = resolve(path)
        response = match.func(reading, *match.args, **match.kwargs)
    except (Resolver404, Http404, UserError):
        return None
    if response.status_code != 200 or not isinstance(response, HttpResponse):
        return None
    return set_response_etag(response)["ETag"]
