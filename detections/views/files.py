"""Pictures of a batch."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from detections.access import batch_image_for
from sw_site.lib.serving import stored_file


@require_safe
def file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The picture of one image of a batch that the person may see."""
    return stored_file(batch_image_for(request, pk).file, Cache_Control="private, max-age=3600")
