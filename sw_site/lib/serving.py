"""Handing out a stored file after the question of who may: by Django itself, or by the web server in front of it."""

from __future__ import annotations

import mimetypes
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpResponse, HttpResponseRedirect
from django.utils.http import content_disposition_header

from sw_site.lib.files.where import bucket

GONE = "The file is gone from the storage."


def stored_file(name: str, shown: str = "", **headers: Any) -> FileResponse | HttpResponse:
    """A file of the storage. `shown` is its name as a download; headers replace those that would be sent.

    With SW_ACCEL_PREFIX set, the answer names the file below that prefix (X-Accel-Redirect) and nginx sends it: no
    thread of ours is held by a slow line. With a bucket, SW_S3_PUBLIC_URL sends browsers there by a signed address.
    Raises Http404 when it is not there.
    """
    kind = mimetypes.guess_type(shown or name)[0] or "application/octet-stream"
    store = bucket()
    if store and store.public_url:
        return elsewhere(store.signed_url(name, kind, shown), store.signed_for)
    if store or not settings.ACCEL_PREFIX:
        try:
            content = store.near_open(name) if store else default_storage.open(name)
        except FileNotFoundError as error:
            raise Http404(GONE) from error
        response: Any = FileResponse(content, content_type=kind, as_attachment=bool(shown), filename=shown)
    else:
        if not default_storage.exists(name):
            raise Http404(GONE)
        response = HttpResponse(content_type=kind)
        response["X-Accel-Redirect"] = quote(f"{settings.ACCEL_PREFIX}{name}")
        if shown:
            response["Content-Disposition"] = content_disposition_header(True, shown)
    for header, value in headers.items():
        response[header.replace("_", "-")] = value
    return response


def elsewhere(url: str, seconds: int) -> HttpResponse:
    """Sends the browser to the store; it may remember the way for half as long as the address is good."""
    response = HttpResponseRedirect(url)
    response["Cache-Control"] = f"private, max-age={seconds // 2}"
    return response
