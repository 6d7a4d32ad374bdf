"""The tus resumable upload protocol, version 1.0.0 (https://tus.io/protocols/resumable-upload), as HTTP headers.

Core, and the extensions creation, creation-with-upload and termination.
"""

from __future__ import annotations

import base64
import binascii

from django.http import HttpRequest, HttpResponse

from datasets.models import Upload
from datasets.uploads.receiving import MAX_BYTES
from sw_site.lib.errors import UserError

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,termination"
BODY_TYPE = "application/offset+octet-stream"


def reply(status: int, **headers: str | int) -> HttpResponse:
    """An answer without a body; `Upload_Offset=3` becomes the header Upload-Offset."""
    response = HttpResponse(status=status)
    response["Tus-Resumable"] = VERSION
    for name, value in headers.items():
        response[name.replace("_", "-")] = str(value)
    return response


def abilities() -> HttpResponse:
    return reply(204, Tus_Version=VERSION, Tus_Extension=EXTENSIONS, Tus_Max_Size=MAX_BYTES)


def state_of(upload: Upload) -> HttpResponse:
    return reply(200, Upload_Offset=upload.offset, Upload_Length=upload.size, Cache_Control="no-store")


def check_version(request: HttpRequest) -> None:
    """Raises UserError 412 for a client that speaks another version."""
    if request.headers.get("Tus-Resumable") != VERSION:
        raise UserError("tus_version", f"Send the header Tus-Resumable: {VERSION}.", 412)


def whole_number(request: HttpRequest, name: str) -> int:
    """A header that must be there and must be a number of bytes."""
    text = request.headers.get(name, "")
    if not (text.isascii() and text.isdigit()) or len(text) > 18:
        raise UserError("bad_header", f"The header {name} must be a number of bytes.", 400)
    return int(text)


def has_body(request: HttpRequest) -> bool:
    return request.content_type == BODY_TYPE


def check_body(request: HttpRequest) -> None:
    if not has_body(request):
        raise UserError("bad_type", f"Send the bytes with the content type {BODY_TYPE}.", 415)


def metadata(request: HttpRequest) -> dict[str, str]:
    """The header Upload-Metadata: "name base64,name base64"."""
    values = {}
    for pair in request.headers.get("Upload-Metadata", "").split(","):
        name, _, encoded = pair.strip().partition(" ")
        try:
            values[name] = base64.b64decode(encoded, validate=True).decode("utf-8")
        except (binascii.Error, UnicodeDecodeError) as error:
            raise UserError("bad_header", f"Upload-Metadata: {name} is not base64 of UTF-8.", 400) from error
    return values


def name_of(request: HttpRequest) -> str:
    """The file's name with its folders, as the common clients say it."""
    values = metadata(request)
    name = values.get("relativePath") or values.get("filename") or values.get("name") or ""
    if not name or name == "null":
        name = values.get("filename", "")
    if not name:
        raise UserError("bad_header", "Say the file's name: Upload-Metadata: filename <base64>.", 400)
    return name
