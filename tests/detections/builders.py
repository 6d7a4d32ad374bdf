"""A model that answers, and shorthands of these tests."""

from __future__ import annotations

import io
import zlib
from collections.abc import Sequence
from pathlib import Path

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image as Picture

from datasets.models import DatasetVersion
from sw_site.jobs.models import Job
from sw_site.jobs.queue import run_here
from tests.factories import make_model, make_run, picture_bytes
from tests.fakes.onnx_model import Answer, write_onnx_model
from training.models import TrainedModel

#: Builders of versions draw class 1 on images 0, 2, 4 and class 2 on 1, 3, 5, about here on 400 x 300 pixels.
FOUND: Answer = (1, 0.9, 22 / 400, 30 / 300, 122 / 400, 150 / 300)


def make_detector(
    version: DatasetVersion | None = None,
    answers: Sequence[Answer] = (FOUND,),
    brightness: float | None = None,
    **kwargs,
) -> TrainedModel:
    """A model trained on `version` that gives the same `answers` on every image (that is brighter, 0 to 1)."""
    model = make_model(make_run(version) if version else None, **kwargs)
    write_onnx_model(model.detector_folder, model.label_map, answers, brightness)
    return model


def finish(job: Job | None) -> Job:
    """Do a queued job here."""
    assert job is not None
    return run_here(job)


def upload(name: str = "photo.jpg", data: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, picture_bytes() if data is None else data)


def turned_picture(width: int = 400, height: int = 300) -> bytes:
    """A JPEG stored lying down, with the EXIF tag that says: turn me by 90 degrees."""
    picture = Picture.new("RGB", (width, height))
    exif = Picture.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", exif=exif)
    return buffer.getvalue()


def huge_png(width: int = 60_000, height: int = 60_000) -> bytes:
    """A PNG of a few bytes that claims to be enormous."""
    buffer = io.BytesIO()
    Picture.new("L", (1, 1)).save(buffer, "PNG")
    data = bytearray(buffer.getvalue())
    data[16:24] = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    data[29:33] = zlib.crc32(bytes(data[12:29])).to_bytes(4, "big")
    return bytes(data)


def bad_files(folder: Path) -> dict[str, str]:
    """Files that cannot be used, written into `folder`; gives name -> the code each is listed with."""
    (folder / "text.jpg").write_text("This is no image.")
    (folder / "short.jpg").write_bytes(picture_bytes()[:900])
    (folder / "huge.png").write_bytes(huge_png())
    (folder / "empty.png").write_bytes(b"")
    return {
        "text.jpg": "not_an_image",
        "short.jpg": "image_does_not_decode",
        "huge.png": "image_too_large",
        "empty.png": "not_an_image",
    }
