"""The outermost middleware: an id for each request, its time, and answers for probes."""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from sw_site.lib.log_context import request_id
from sw_site.observing import metrics, probes

HEADER = "X-Request-ID"
GOOD_ID = re.compile(r"^[A-Za-z0-9._-]{1,64}$")
logger = logging.getLogger("sw_site.requests")
GetResponse = Callable[[HttpRequest], HttpResponseBase]


def watched(get_response: GetResponse) -> GetResponse:
    """An id on every request (the proxy's, if it sends a decent one), on its log lines and on its answer."""

    def handle(request: HttpRequest) -> HttpResponseBase:
        given = request.headers.get(HEADER, "")
        token = request_id.set(given if GOOD_ID.match(given) else uuid.uuid4().hex[:16])
        begun = time.perf_counter()
        try:
            response = get_response(request)
            seconds = time.perf_counter() - begun
            metrics.observe(request, response.status_code, seconds)
            if settings.ACCESS_LOG:
                log(request, response.status_code, seconds)
            response[HEADER] = request_id.get()
            return response
        finally:
            request_id.reset(token)

    return handle


def log(request: HttpRequest, status: int, seconds: float) -> None:
    """The path alone: what comes behind a question mark may be private."""
    user = getattr(request, "user", None)
    facts = {
        "method": request.method,
        "path": request.path,
        "status": status,
        "seconds": round(seconds, 4),
        "user": user.pk if user is not None and user.is_authenticated else None,
    }
    logger.info("%s %s %s in %.0f ms", request.method, request.path, status, 1000 * seconds, extra=facts)


def probed(get_response: GetResponse) -> GetResponse:
    """Answers probes before anything asks which host was meant, whether over TLS, and who is asking."""

    def handle(request: HttpRequest) -> HttpResponseBase:
        answer = ANSWERS.get(request.path) if request.method in ("GET", "HEAD") else None
        return answer(request) if answer else get_response(request)

    return handle


ANSWERS: dict[str, Callable[[HttpRequest], HttpResponse]] = {
    "/health": probes.health,
    "/ready": probes.ready,
    "/metrics": metrics.metrics,
}
