"""Handing out a stored file after the question of who may: by Django itself, or by the web server in front of it."""

from __future__ import annotations

import mimetypes
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpResponse
from django.utils.http import content_disposition_header

GONE = "The file is gone from the storage."


def stored_file(name: str, shown: str = "", **headers: Any) -> FileResponse | HttpResponse:
    """A file of the storage. `shown` is its name as a download; headers replace those that would be sent.

    With SW_ACCEL_PREFIX set, the answer names the file below that prefix (X-Accel-Redirect) and nginx sends it: no
    thread of ours is held by a slow line. Raises Http404 when it is not there.
    """
    kind = mimetypes.guess_type(shown or name)[0] or "application/octet-stream"
    if not settings.ACCEL_PREFIX:
        try:
            content = default_storage.open(name)
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
