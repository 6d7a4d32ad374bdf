"""Pictures of a batch."""

from __future__ import annotations

import mimetypes

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest
from django.views.decorators.http import require_safe

from detections.access import batch_image_for


@require_safe
def file(request: HttpRequest, pk: int) -> FileResponse:
    """The picture of one image of a batch that the person may see."""
    image = batch_image_for(request, pk)
    try:
        content = default_storage.open(image.file)
    except FileNotFoundError as error:
        raise Http404("The file of this image is gone from the storage.") from error
    kind = mimetypes.guess_type(image.file)[0] or "application/octet-stream"
    return FileResponse(content, content_type=kind, headers={"Cache-Control": "private, max-age=3600"})
