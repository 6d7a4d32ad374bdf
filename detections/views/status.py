"""How far the job behind a page is."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from detections.models import DetectionBatch, Evaluation, MistakeSearch, VideoScan


def status_response(
    request: HttpRequest, subject: DetectionBatch | Evaluation | MistakeSearch | VideoScan
) -> HttpResponse:
    """The fragment a page polls; once the job is over it asks the page to load itself anew, with the results."""
    response = render(request, "detections/_status.html", {"subject": subject, "job": subject.job})
    if subject.job is None or not subject.job.is_active:
        response["HX-Refresh"] = "true"
    return response
