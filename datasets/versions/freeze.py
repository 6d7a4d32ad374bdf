"""Freezing: the present labels of a dataset become an immutable, numbered version."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Max

from datasets.models import Box, Dataset, DatasetVersion, Image
from datasets.models.annotation import BoxSource
from datasets.versions.manifest import Manifest, ManifestBox, ManifestImage, as_tags, write_manifest
from datasets.versions.shots import shots_of
from datasets.versions.splitting import SPLITS, SplitItem, stratified_folds, stratified_split
from sw_site.lib.errors import UserError

if TYPE_CHECKING:
    from sw_site.accounts.models import User

DEFAULT_FRACTIONS = (0.7, 0.15, 0.15)
#: Instead of shares: the splits that came with the files.
FROM_FILES: tuple[float, ...] = ()


def parse_fractions(text: str) -> tuple[float, ...]:
    """ "0.7,0.15,0.15" -> shares of train, val and test; "files" -> FROM_FILES."""
    if text.strip().lower() == "files":
        return FROM_FILES
    try:
        values = tuple(float(part) for part in text.split(","))
    except ValueError:
        values = ()
    if len(values) != 3 or any(not 0 <= value <= 1 for value in values) or abs(sum(values) - 1) > 1e-6:
        raise UserError(
            "bad_split",
            f"{text!r} is not a split. Give three shares that add up to 1, like 0.7,0.15,0.15, or “files” for the "
            "splits that came with the images.",
        )
    return values


def freeze(
    dataset: Dataset,
    fractions: Sequence[float] = DEFAULT_FRACTIONS,
    seed: int = 1,
    user: User | None = None,
    name: str = "",
    shots_together: bool = True,
) -> DatasetVersion:
    """Freeze every labelled image that decodes; pictures of one shot go into one split, unless told otherwise.

    Proposals (boxes a model drew that nobody accepted) are no labels: they stay out, and so do images that hold
    nothing else.

    With FROM_FILES each image goes where its files said, and to train where they said nothing.

    Raises:
        UserError: there is no labelled image, or no train share.
    """
    if fractions and fractions[0] <= 0:
        raise UserError("bad_split", "The share for training must be more than 0.")
    rows = freezable(dataset)
    if fractions:
        splits = _dealt(rows, fractions, seed, shots_of(rows) if shots_together else {})
    else:
        splits, shots_together = _said_by_files(dataset, rows), False
        fractions = _shares(splits)
    details = {"name": name, "seed": seed, "shots_together": shots_together, "fractions": list(fractions)}
    return _keep(dataset, rows, splits, user, **details)


def freeze_like(version: DatasetVersion, user: User | None = None, name: str = "") -> DatasetVersion:
    """The labels of now with the splits of an earlier version: what was test stays test, new images go to train.

    Raises:
        UserError: there is no labelled image, or none of those of its train split.
    """
    dataset, rows = version.dataset, freezable(version.dataset)
    before = {image.id: image.split for image in version.manifest().images}
    splits = {row.pk: before.get(row.pk, "train") for row in rows}
    return freeze_as(dataset, splits, user, name=name, shots_together=version.shots_together)


def freeze_as(
    dataset: Dataset, splits: dict[int, str], user: User | None = None, name: str = "", shots_together: bool = True
) -> DatasetVersion:
    """Freeze the images that `splits` (split by image id) names, each into its split."""
    rows = [row for row in freezable(dataset) if row.pk in splits]
    if "train" not in (splits[row.pk] for row in rows):
        raise UserError("bad_split", "No labelled image would be in train. Label some more, or split anew.")
    shares = _shares({row.pk: splits[row.pk] for row in rows})
    return _keep(dataset, rows, splits, user, name=name, seed=1, shots_together=shots_together, fractions=shares)


def freezable(dataset: Dataset) -> list[Image]:
    """The images that would be frozen now, with their boxes. UserError when there is none."""
    rows = list(dataset.images.usable().order_by("pk").prefetch_related("boxes__label_class"))
    rows = [row for row in rows if _accepted(row) or row.negative or not row.boxes.all()]
    if not rows:
        raise UserError(
            "nothing_to_freeze",
            f"{dataset.name} has no labelled image yet. Draw boxes, or mark images as “nothing here”, then freeze it.",
        )
    return rows


def folds_of(dataset: Dataset, count: int, seed: int = 1) -> dict[int, int]:
    """Fold by image id, of all images that would be frozen: classes spread evenly, pictures of one shot together."""
    rows = freezable(dataset)
    shots = shots_of(rows)
    return stratified_folds([SplitItem(row.pk, _labels(row), shots.get(row.pk)) for row in rows], count, seed)


def _shares(splits: dict[int, str]) -> list[float]:
    return [round(list(splits.values()).count(split) / len(splits), 4) for split in SPLITS]


def _keep(
    dataset: Dataset, rows: list[Image], splits: dict[int, str], user: User | None, **details: Any
) -> DatasetVersion:
    manifest = _manifest(dataset, rows, splits)
    manifest_file, digest = write_manifest(manifest)
    with transaction.atomic():
        Dataset.objects.select_for_update().get(pk=dataset.pk)  # two people freezing at once get two numbers
        number = (dataset.versions.aggregate(top=Max("number"))["top"] or 0) + 1
        return dataset.versions.create(
            number=number,
            **details,
            content_hash=digest,
            manifest_file=manifest_file,
            counts=manifest.counts(),
            created_by=user,
        )


def _accepted(row: Image) -> list[Box]:
    return [box for box in row.boxes.all() if box.source != BoxSource.MODEL]


def _labels(row: Image) -> tuple[int, ...]:
    return tuple(box.label_class.number for box in _accepted(row))


def _dealt(rows: list[Image], fractions: Sequence[float], seed: int, shots: dict[int, int]) -> dict[int, str]:
    items = [SplitItem(row.pk, _labels(row), shots.get(row.pk)) for row in rows]
    return stratified_split(items, fractions, seed)


def _said_by_files(dataset: Dataset, rows: list[Image]) -> dict[int, str]:
    splits = {row.pk: row.split if row.split in SPLITS else "train" for row in rows}
    if not any(row.split in SPLITS for row in rows):
        raise UserError(
            "no_splits_in_files",
            f"No image of {dataset.name} came with a split. Give shares instead, or import it again with lists "
            "(ImageSets/Main/train.txt ...) or in folders called train, val and test.",
        )
    if "train" not in splits.values():
        raise UserError("bad_split", "The files put no labelled image into train. Give shares instead.")
    return splits


def _manifest(dataset: Dataset, rows: list[Image], splits: dict[int, str]) -> Manifest:
    classes = {c.number: c.name for c in dataset.classes.filter(retired=False)}
    used = {label for row in rows for label in _labels(row)}
    classes |= {c.number: c.name for c in dataset.classes.filter(number__in=used)}
    images = tuple(_frozen(row, splits[row.pk]) for row in rows)
    return Manifest(dict(sorted(classes.items())), images)


def _frozen(row: Image, split: str) -> ManifestImage:
    boxes = tuple(map(_frozen_box, _accepted(row)))
    where = (row.original, row.folder, row.orientation, row.verified, as_tags(row.tags))
    return ManifestImage(row.pk, row.file, row.file_name, row.sha256, row.width, row.height, split, boxes, *where)


def _frozen_box(box: Box) -> ManifestBox:
    edges = (box.x1, box.y1, box.x2, box.y2)
    marks = (box.difficult, box.truncated, box.occluded)
    return ManifestBox(box.label_class.number, *edges, *marks, box.pose, as_tags(box.tags), box.score)
