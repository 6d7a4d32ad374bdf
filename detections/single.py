"""One image, now, in the process that was asked: a warm model, and no more pictures in memory than fit."""

from __future__ import annotations

import threading
from typing import Any, BinaryIO, cast

from django.core.files.uploadedfile import UploadedFile

from datasets.formats.voc import write_voc
from detections.actions import check_uploads
from detections.documents import box_json
from detections.found import boxes_of, check_format, coco_file, picture_of, record_of
from detections.inference import Detected, Problem, Source, detect_images, load_predictor
from sw_site.lib.errors import UserError
from training.models import TrainedModel

FORMATS = ("json", "voc", "coco", "image")
#: A picture of the largest size takes some hundred megabytes while it is decoded: others wait for their turn.
AT_ONCE = 2
WAIT_SECONDS = 30.0
_turns = threading.BoundedSemaphore(AT_ONCE)


def detect_one(model: TrainedModel, image: UploadedFile) -> Detected:
    """Raises UserError when the file is no usable image (422), the model is gone, or too many are waiting (503)."""
    check_uploads([image])
    if not _turns.acquire(timeout=WAIT_SECONDS):
        raise UserError("busy", "Too many pictures are being looked at just now. Try again in a moment.", 503)
    try:
        (found,) = detect_images(load_predictor(model), [Source(image.name or "image", cast(BinaryIO, image))])
    finally:
        _turns.release()
    if isinstance(found, Problem):
        raise UserError(found.code, f"“{found.file}” cannot be used. {found.message}", 422)
    return found


def as_json(model: TrainedModel, found: Detected, threshold: float) -> dict[str, Any]:
    width, height = found.picture.size
    return {
        "model": model.name,
        "width": width,
        "height": height,
        "threshold": threshold,
        "boxes": [
            box_json(number, model.label_map, score, edges) for number, score, edges in boxes_of(found, threshold)
        ],
    }


def as_file(model: TrainedModel, found: Detected, threshold: float, kind: str) -> tuple[bytes, str, str]:
    """(bytes, content type, suffix) of one of FORMATS but json."""
    check_format(kind, FORMATS)
    if kind == "image":
        return picture_of(found, threshold, model.label_map), "image/jpeg", ".jpg"
    record = record_of(found.source.name, found.picture.size, boxes_of(found, threshold), model.label_map)
    if kind == "voc":
        return write_voc(record), "application/xml", ".xml"
    return b"".join(coco_file([record], model.label_map)), "application/json", ".json"
