"""What a batch found, sent to a dataset: photos that it lacks are added, the boxes become proposals."""

from __future__ import annotations

import hashlib
import itertools
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from django.core.files.storage import default_storage
from django.db import transaction

from datasets.curation.changes import chunks
from datasets.importing.importer import ImportOptions, import_source
from datasets.importing.source import FolderSource
from datasets.models import BulkChange, Dataset, Image
from detections.evaluation import Progress
from detections.inference import Problem
from detections.models import BatchSource, DetectionBatch, DetectionImage
from detections.prelabel import CHUNK, Prepared, Wish
from detections.proposals import Proposal, Tally, propose
from detections.targets import Answers, Targets, check_targets, find_targets
from sw_site.lib.errors import UserError

if TYPE_CHECKING:
    from sw_site.accounts.models import User


@transaction.atomic
def prepare_sending(
    batch: DetectionBatch, dataset: Dataset, wish: Wish, answers: Answers, user: User | None
) -> Prepared:
    """Check everything and make the change. Raises UserError when there is nothing to send, or classes differ."""
    if batch.source == BatchSource.FOLDER and user is not None and not user.is_staff:
        raise UserError("not_allowed", "Only staff may bring files of the server's folders into a dataset.", 403)
    if batch.job and batch.job.is_active:
        raise UserError("not_done", "The model is still at it. Send the results when it is done.", 409)
    images = batch.images.count()
    if not images:
        raise UserError("nothing_to_send", "There is no image in this batch, so there is nothing to send.")
    targets = find_targets(batch.model, dataset, answers)
    change = BulkChange.objects.create(dataset=dataset, user=user, summary=f"found by {batch.model.name}"[:200])
    payload = {"change_id": change.pk, "batch_id": batch.pk, "wish": asdict(wish), "targets": targets}
    return Prepared(change, images, payload)


def send(
    change: BulkChange,
    batch: DetectionBatch,
    wish: Wish,
    targets: dict[str, int],
    folder: Path,
    user: User | None,
    progress: Progress,
) -> tuple[Tally, int, list[Problem]]:
    """Gives what was proposed, the photos that are new to the dataset, and what could not be sent.

    `folder` is a place to work in. Photos that this change has boxes on already are passed over, so it can go on.
    """
    if change.undone_at:
        raise UserError("taken_back", "These proposals have been taken back. Send the results anew.")
    classes = check_targets(targets, change.dataset)
    written = set(change.revisions.values_list("image", flat=True))
    ids = list(batch.images.order_by("pk").values_list("pk", flat=True))
    tally, added, problems, done = Tally(), 0, list[Problem](), 0
    for chunk in chunks(ids, CHUNK):
        progress(done, len(ids), f"{done:,} of {len(ids):,} photos")
        rows = list(batch.images.filter(pk__in=chunk).order_by("pk").prefetch_related("detections"))
        places, new = place_images(change.dataset, rows, batch, folder, user, problems)
        added += new
        found = {
            places[row.pk]: proposals_of(row, wish.threshold, classes)
            for row in rows
            if row.pk in places and places[row.pk] not in written
        }
        tally.add(propose(change, found, batch.model.name, wish.also_labelled))
        done += len(chunk)
    return tally, added, problems


def proposals_of(image: DetectionImage, threshold: float, targets: Targets) -> list[Proposal]:
    return [
        Proposal(targets[found.class_id], found.score, (found.x1, found.y1, found.x2, found.y2))
        for found in image.detections.all()
        if found.score >= threshold and found.class_id in targets
    ]


def place_images(
    dataset: Dataset,
    rows: Sequence[DetectionImage],
    batch: DetectionBatch,
    folder: Path,
    user: User | None,
    problems: list[Problem],
) -> tuple[dict[int, int], int]:
    """Image of the dataset by image of the batch (ids), and how many were imported because it lacked them."""
    own = dataset.images.filter(pk__in=[row.image_id for row in rows if row.image_id])
    there = set(own.values_list("pk", flat=True))
    places = {row.pk: row.image_id for row in rows if row.image_id in there}
    work = folder / "photos"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    hashes: dict[int, str] = {}
    added = 0
    names = free_names()
    for row in rows:
        if row.pk not in places:
            try:
                copy = shutil.copyfile(file_of(row, batch), work / names(row.file_name))
            except OSError:
                problems.append(Problem(row.file_name, "not_found", "Its file is gone, so it could not be sent."))
            else:
                with copy.open("rb") as file:
                    hashes[row.pk] = hashlib.file_digest(file, "sha256").hexdigest()
    if hashes:
        added = import_source(dataset, FolderSource(work), ImportOptions({}), user).images_added
        found = dict(Image.objects.filter(dataset=dataset, sha256__in=hashes.values()).values_list("sha256", "pk"))
        places |= {pk: found[digest] for pk, digest in hashes.items() if digest in found}
    return {pk: image for pk, image in places.items() if image}, added


def file_of(row: DetectionImage, batch: DetectionBatch) -> Path:
    """The picture itself, not the small copy for pages."""
    if batch.source == BatchSource.FOLDER:
        return Path(batch.folder) / row.file_name
    return Path(default_storage.path(row.original or row.file))


def free_names() -> Any:
    """A function that gives each file a name of its own: "photo.jpg", then "photo-2.jpg"."""
    taken: set[str] = set()

    def name(wanted: str) -> str:
        path = PurePosixPath(PurePosixPath(wanted).name or "photo.jpg")
        numbered: Iterator[str] = (path.name if n == 1 else f"{path.stem}-{n}{path.suffix}" for n in itertools.count(1))
        free = next(each for each in numbered if each.casefold() not in taken)
        taken.add(free.casefold())
        return free

    return name
