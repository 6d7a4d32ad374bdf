"""Freezing: the present labels of a dataset become an immutable, numbered version."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Max

from datasets.models import Dataset, DatasetVersion
from datasets.versions.gathering import Gathered, gather
from datasets.versions.manifest import count, document, write_document
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
    found = freezable(dataset)
    if fractions:
        splits = stratified_split(_items(found, shots_together), fractions, seed)
    else:
        splits, shots_together = _said_by_files(dataset, found), False
        fractions = _shares(splits)
    details = {"name": name, "seed": seed, "shots_together": shots_together, "fractions": list(fractions)}
    return _keep(dataset, found, splits, user, **details)


def freeze_like(version: DatasetVersion, user: User | None = None, name: str = "") -> DatasetVersion:
    """The labels of now with the splits of an earlier version: what was test stays test, new images go to train.

    Raises:
        UserError: there is no labelled image, or none of those of its train split.
    """
    found, before = freezable(version.dataset), version.manifest().splits()
    splits = {pk: before.get(pk, "train") for pk in found.ids}
    return _as(version.dataset, found, splits, user, name, version.shots_together)


def freeze_as(
    dataset: Dataset, splits: dict[int, str], user: User | None = None, name: str = "", shots_together: bool = True
) -> DatasetVersion:
    """Freeze the images that `splits` (split by image id) names, each into its split."""
    return _as(dataset, freezable(dataset), splits, user, name, shots_together)


def _as(
    dataset: Dataset, found: Gathered, splits: dict[int, str], user: User | None, name: str, shots_together: bool
) -> DatasetVersion:
    splits = {pk: splits[pk] for pk in found.ids if pk in splits}
    if "train" not in splits.values():
        raise UserError("bad_split", "No labelled image would be in train. Label some more, or split anew.")
    shares = _shares(splits)
    return _keep(dataset, found, splits, user, name=name, seed=1, shots_together=shots_together, fractions=shares)


def freezable(dataset: Dataset) -> Gathered:
    """The images that would be frozen now, with their boxes. UserError when there is none."""
    found = gather(dataset)
    if not found.ids:
        raise UserError(
            "nothing_to_freeze",
            f"{dataset.name} has no labelled image yet. Draw boxes, or mark images as “nothing here”, then freeze it.",
        )
    return found


def folds_of(dataset: Dataset, count: int, seed: int = 1) -> dict[int, int]:
    """Fold by image id, of all images that would be frozen: classes spread evenly, pictures of one shot together."""
    return stratified_folds(_items(freezable(dataset), shots_together=True), count, seed)


def _items(found: Gathered, shots_together: bool) -> list[SplitItem]:
    shots = shots_of(found.ids) if shots_together else {}
    return [SplitItem(pk, labels, shots.get(pk)) for pk, labels in zip(found.ids, found.labels, strict=True)]


def _shares(splits: dict[int, str]) -> list[float]:
    return [round(list(splits.values()).count(split) / len(splits), 4) for split in SPLITS]


def _keep(
    dataset: Dataset, found: Gathered, splits: dict[int, str], user: User | None, **details: Any
) -> DatasetVersion:
    """A version of the images that `splits` names."""
    kept = [(splits[pk], labels) for pk, labels in zip(found.ids, found.labels, strict=True) if pk in splits]
    classes = _classes(dataset, {label for _, labels in kept for label in labels})
    manifest_file, digest = write_document(document(classes, found.dealt(splits)))
    with transaction.atomic():
        Dataset.objects.select_for_update().get(pk=dataset.pk)  # two people freezing at once get two numbers
        number = (dataset.versions.aggregate(top=Max("number"))["top"] or 0) + 1
        return dataset.versions.create(
            number=number,
            **details,
            content_hash=digest,
            manifest_file=manifest_file,
            counts=count(classes, kept),
            created_by=user,
        )


def _said_by_files(dataset: Dataset, found: Gathered) -> dict[int, str]:
    splits = {pk: said if said in SPLITS else "train" for pk, said in zip(found.ids, found.said, strict=True)}
    if not any(said in SPLITS for said in found.said):
        raise UserError(
            "no_splits_in_files",
            f"No image of {dataset.name} came with a split. Give shares instead, or import it again with lists "
            "(ImageSets/Main/train.txt ...) or in folders called train, val and test.",
        )
    if "train" not in splits.values():
        raise UserError("bad_split", "The files put no labelled image into train. Give shares instead.")
    return splits


def _classes(dataset: Dataset, used: set[int]) -> dict[int, str]:
    """Names by number, of the classes that are not retired or that a frozen box has."""
    names = dataset.classes.order_by("number").values_list("number", "name", "retired")
    return {number: name for number, name, retired in names if number in used or not retired}
