"""Parts of a file, as a player asks for them: without them nobody can jump to a moment of a video."""

from __future__ import annotations

import re
from pathlib import Path

from django.http import FileResponse, HttpRequest, HttpResponse

RANGE = re.compile(r"bytes=(\d*)-(\d*)$")
#: The most that one answer carries; a player asks for the rest when it gets there.
MOST_BYTES = 4 * 1024 * 1024


def ranged(request: HttpRequest, path: Path, content_type: str) -> HttpResponse:
    """The whole file, or the one part that the request's Range header names (206); 416 when it lies outside."""
    asked = RANGE.match(request.headers.get("Range", ""))
    size = path.stat().st_size
    if asked is None or asked.groups() == ("", ""):
        response: HttpResponse = FileResponse(path.open("rb"), content_type=content_type)  # type: ignore[assignment]
        response["Accept-Ranges"] = "bytes"
        return response
    first, last = asked.groups()
    start = int(first) if first else max(0, size - int(last))
    end = min(int(last), size - 1) if first and last else size - 1
    if start > end:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    end = min(end, start + MOST_BYTES - 1)
    with path.open("rb") as file:
        file.seek(start)
        data = file.read(end - start + 1)
    headers = {"Content-Range": f"bytes {start}-{end}/{size}", "Accept-Ranges": "bytes"}
    return HttpResponse(data, status=206, content_type=content_type, headers=headers)
