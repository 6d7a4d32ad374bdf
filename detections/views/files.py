"""Pictures of a batch."""

from __future__ import annotations

import mimetypes

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from detections.models import DetectionBatch, DetectionImage


@require_safe
def file(request: HttpRequest, pk: int) -> FileResponse:
    """The picture of one image of a batch that the person may see."""
    batches = DetectionBatch.objects.visible_to(request.user)  # type: ignore[arg-type]
    image = get_object_or_404(DetectionImage, pk=pk, batch__in=batches)
    try:
        content = default_storage.open(image.file)
    except FileNotFoundError as error:
        raise Http404("The file of this image is gone from the storage.") from error
    kind = mimetypes.guess_type(image.file)[0] or "application/octet-stream"
    return FileResponse(content, content_type=kind, headers={"Cache-Control": "private, max-age=3600"})
