"""Run a model over the images of a batch and keep what it found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from datasets.curation.changes import chunks
from datasets.models import Image
from detections.evaluation import Progress, read_manifest_of, version_sources
from detections.inference import Detected, Problem, Source, detect_images, load_predictor
from detections.models import BatchSource, Detection, DetectionBatch, DetectionImage
from detections.pictures import image_files, preview_bytes
from sw_site.lib.errors import UserError
from sw_site.lib.files.where import bring_near
from training.engine.predictor import Predictor

ROWS_AT_ONCE = 2000
#: Images whose results are written together: a stop loses seconds of work.
CHUNK = 32

#: What a job's payload says of an uploaded file: its storage name, and the name it came with.
Upload = dict[str, str]
#: A file, or the id of an image of a dataset.
Item = Source | int


@dataclass
class Found:
    """One image of a finished batch, not saved yet."""

    image: DetectionImage
    detections: list[Detection]


def batch_items(batch: DetectionBatch, uploads: Iterable[Upload] = (), ids: Sequence[int] = ()) -> list[Item]:
    """The images of a batch, in an order that stays. Raises UserError when there are none."""
    items: list[Item]
    if batch.version is not None:
        items = list(version_sources(read_manifest_of(batch.version).split(batch.split)))
    elif batch.source == BatchSource.FILTER:
        items = list(ids)
    elif batch.source == BatchSource.FOLDER:
        folder = check_folder(batch.folder)
        items = [Source(str(path.relative_to(folder)), path) for path in image_files(folder)]
    else:
        files = ((row["name"], row["file"]) for row in uploads)
        items = [Source(name, Path(default_storage.path(file)), original=file) for name, file in files]
    if not items:
        raise UserError("no_images", f"There are no images in {place(batch)}. Choose another place and start again.")
    return items


def sources_of(items: Sequence[Item]) -> tuple[list[Source], list[Problem]]:
    """Some items as sources; images that have been deleted since are problems."""
    ids = [item for item in items if isinstance(item, int)]
    rows = {row.image_id: row for row in image_sources(ids)}
    gone = "It is no longer in the dataset, so it was left out."
    problems = [Problem(f"photo {pk}", "image_gone", gone) for pk in ids if pk not in rows]
    found = [rows.get(item) if isinstance(item, int) else item for item in items]
    return [source for source in found if source], problems


def image_sources(ids: Sequence[int]) -> list[Source]:
    """Images of a dataset by id, as far as they are there."""
    rows = Image.objects.filter(pk__in=ids).order_by("pk").only("pk", "file_name", "file")
    bring_near(row.file for row in rows)
    return [Source(row.file_name, Path(default_storage.path(row.file)), row.pk, row.file) for row in rows]


def place(batch: DetectionBatch) -> str:
    """Where the images of a batch are, for people."""
    if batch.version is not None:
        return f"{batch.version} {batch.split}"
    if batch.source == BatchSource.FILTER:
        return f"this filter of {batch.dataset}" if batch.query else str(batch.dataset)
    return f"“{batch.folder}” or below it" if batch.source == BatchSource.FOLDER else "the upload"


def check_folder(text: str) -> Path:
    folder = Path(text)
    if not folder.is_absolute() or not folder.is_dir():
        raise UserError(
            "folder_not_found",
            f"There is no folder “{text}” on the server. Give its whole path, beginning with /.",
        )
    return folder


def detect_batch(
    batch: DetectionBatch, uploads: Iterable[Upload], progress: Progress, ids: Sequence[int] = ()
) -> tuple[int, int]:
    """Detect on every image and keep the results, some dozen at a time; gives (images, boxes) of the whole batch.

    What an earlier attempt has kept stays, and this one goes on after it. Images that are not the dataset's own get a
    small copy for the pages.
    """
    items = batch_items(batch, uploads, ids)
    predictor = load_predictor(batch.model)
    for chunk in chunks(items[batch.done :], CHUNK):
        detect_chunk(batch, predictor, chunk, len(items), progress)
    return batch.images.count(), Detection.objects.filter(image__batch=batch).count()


def detect_chunk(
    batch: DetectionBatch, predictor: Predictor, items: Sequence[Item], total: int, progress: Progress
) -> None:
    """Whole or not at all: copies that were made for nothing are removed again."""
    sources, problems = sources_of(items)
    results: list[Found] = []
    at = batch.done + len(problems)
    try:
        for done, found in enumerate(detect_images(predictor, sources), start=at + 1):
            progress(done - 1, total, f"{done:,} of {total:,} images")
            if isinstance(found, Problem):
                problems.append(found)
            else:
                results.append(make_found(batch, found, done))
        write(batch, results, problems, len(items))
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
        original=source.original,
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
    name = f"detections/{batch.pk}/previews/{number:06d}.jpg"
    default_storage.delete(name)  # what a worker that died left behind
    return default_storage.save(name, ContentFile(preview_bytes(found.picture)))


@transaction.atomic
def write(batch: DetectionBatch, results: list[Found], problems: list[Problem], items: int) -> None:
    DetectionImage.objects.bulk_create([result.image for result in results])
    detections = [detection for result in results for detection in result.detections]
    for detection in detections:
        detection.image_id = detection.image.pk  # the images had no number before they were written
    Detection.objects.bulk_create(detections, batch_size=ROWS_AT_ONCE)
    batch.problems = [*batch.problems, *(problem.as_json() for problem in problems)]
    batch.done += items
    batch.save(update_fields=["problems", "done"])
