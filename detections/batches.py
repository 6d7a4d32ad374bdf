"""Run a model over the images of a batch and keep what it found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from detections.evaluation import Progress, read_manifest_of, version_sources
from detections.inference import Detected, Problem, Source, detect_images, load_predictor
from detections.models import BatchSource, Detection, DetectionBatch, DetectionImage
from detections.pictures import image_files, preview_bytes
from sw_site.lib.errors import UserError

ROWS_AT_ONCE = 2000

#: What a job's payload says of an uploaded file: its storage name, and the name it came with.
Upload = dict[str, str]


@dataclass
class Found:
    """One image of a finished batch, not saved yet."""

    image: DetectionImage
    detections: list[Detection]


def batch_sources(batch: DetectionBatch, uploads: Iterable[Upload] = ()) -> list[Source]:
    """The images of a batch. Raises UserError when there are none."""
    if batch.version is not None:
        sources = version_sources(read_manifest_of(batch.version).split(batch.split))
    elif batch.source == BatchSource.FOLDER:
        folder = check_folder(batch.folder)
        sources = [Source(str(path.relative_to(folder)), path) for path in image_files(folder)]
    else:
        sources = [Source(row["name"], Path(default_storage.path(row["file"]))) for row in uploads]
    if not sources:
        raise UserError("no_images", f"There are no images in {place(batch)}. Choose another place and start again.")
    return sources


def place(batch: DetectionBatch) -> str:
    """Where the images of a batch are, for people."""
    if batch.version is not None:
        return f"{batch.version} {batch.split}"
    return f"“{batch.folder}” or below it" if batch.source == BatchSource.FOLDER else "the upload"


def check_folder(text: str) -> Path:
    folder = Path(text)
    if not folder.is_absolute() or not folder.is_dir():
        raise UserError(
            "folder_not_found",
            f"There is no folder “{text}” on the server. Give its whole path, beginning with /.",
        )
    return folder


def detect_batch(batch: DetectionBatch, uploads: Iterable[Upload], progress: Progress) -> tuple[int, int]:
    """Detect on every image and write the results in one transaction; gives (images, boxes).

    Images that are not the dataset's own get a small copy for the pages. When the work stops half-way those copies
    are removed again.
    """
    sources = batch_sources(batch, uploads)
    predictor = load_predictor(batch.model)
    results: list[Found] = []
    problems: list[Problem] = []
    try:
        for done, found in enumerate(detect_images(predictor, sources), start=1):
            if isinstance(found, Problem):
                problems.append(found)
            else:
                results.append(make_found(batch, found, done))
            progress(done, len(sources), f"{done:,} of {len(sources):,} images")
        return write(batch, results, problems)
    except BaseException:
        for result in results:
            if result.image.image_id is None:
                default_storage.delete(result.image.file)
        raise


def make_found(batch: DetectionBatch, found: Detected, number: int) -> Found:
    source, (width, height) = found.source, found.picture.size
    image = DetectionImage(
        batch=batch,
        image_id=source.image_id,
        file_name=source.name[-255:],
        file=source.stored or save_preview(batch, found, number),
        width=width,
        height=height,
    )
    kept = found.detections.above(batch.min_score)
    rows = zip(kept.class_ids.tolist(), kept.scores.tolist(), kept.boxes.tolist(), strict=True)
    detections = [
        Detection(image=image, class_id=class_id, score=score, x1=x1, y1=y1, x2=x2, y2=y2)
        for class_id, score, (x1, y1, x2, y2) in rows
    ]
    return Found(image, detections)


def save_preview(batch: DetectionBatch, found: Detected, number: int) -> str:
    name = f"detections/{batch.pk}/previews/{number:06d}.webp"
    default_storage.delete(name)  # what a worker that died left behind
    return default_storage.save(name, ContentFile(preview_bytes(found.picture)))


@transaction.atomic
def write(batch: DetectionBatch, results: list[Found], problems: list[Problem]) -> tuple[int, int]:
    batch.images.all().delete()
    DetectionImage.objects.bulk_create([result.image for result in results], batch_size=ROWS_AT_ONCE)
    detections = [detection for result in results for detection in result.detections]
    for detection in detections:
        detection.image_id = detection.image.pk  # the images had no number before they were written
    Detection.objects.bulk_create(detections, batch_size=ROWS_AT_ONCE)
    batch.problems = [problem.as_json() for problem in problems]
    batch.save(update_fields=["problems"])
    return len(results), len(detections)
