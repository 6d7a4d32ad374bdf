"""Videos in the API: the same functions and the same access as the pages."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from ninja import File, Form, Router, Schema, Status
from ninja.files import UploadedFile
from ninja.pagination import paginate

from datasets.access import dataset_for
from detections.access import model_for, video_for, videos_for, who
from detections.video_models import VideoScan
from detections.videos.actions import send_frames, start_video
from detections.videos.work import remarks
from sw_site.lib.schemas import Body, Whole

router = Router(tags=["videos"])


class VideoIn(Schema):
    model: int
    threshold: float = 0.5
    track: bool = True


class FramesIn(Body):
    dataset: str
    count: Whole = 20


class VideoOut(Schema):
    id: int
    model_name: str
    file_name: str
    threshold: float
    track: bool
    state: str

    @staticmethod
    def resolve_model_name(row: VideoScan) -> str:
        return row.model.name

    @staticmethod
    def resolve_state(row: VideoScan) -> str:
        return row.job.state if row.job else ""


def document(row: VideoScan) -> dict[str, Any]:
    """The scan with its timeline, counts and most uncertain frames; `summary` is empty until its job is done."""
    done = bool(row.summary)
    links = {
        name: reverse("detections:video-file", args=[row.pk, name]) if done else None for name in ("annotated", "boxes")
    }
    return VideoOut.from_orm(row).model_dump() | {
        "summary": row.summary,
        "remarks": remarks(row.summary) if done else [],
        "sound": row.sound,
        "page": row.get_absolute_url(),
        "error": row.job.error if row.job else "",
        **links,
    }


@router.get("", response=list[VideoOut])
@paginate
def list_videos(request: HttpRequest) -> QuerySet[VideoScan]:
    return videos_for(request)


@router.post("", response={202: dict[str, Any]})
def create_video(request: HttpRequest, video: File[UploadedFile], data: Form[VideoIn]) -> Status[dict[str, Any]]:
    model = model_for(request, data.model)
    return Status(202, document(start_video(model, video, who(request), data.threshold, data.track)))


@router.get("/{int:pk}")
def get_video(request: HttpRequest, pk: int) -> dict[str, Any]:
    return document(video_for(request, pk))


@router.post("/{int:pk}/frames", response={202: dict[str, Any]})
def create_frames(request: HttpRequest, pk: int, data: FramesIn) -> Status[dict[str, Any]]:
    """The frames that the model is least sure of become images of a dataset."""
    dataset = dataset_for(request, data.dataset)
    job = send_frames(video_for(request, pk), dataset, data.count, who(request))
    return Status(202, {"job": job.pk, "frames": len(job.payload["numbers"])})
