"""Is there something to learn from, something to measure on, and are the two apart?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from datasets.models import Image
from datasets.versions.manifest import Manifest
from datasets.versions.shots import grouped
from training.preflight.finding import BLOCK, WARN, Finding, Subject, counted, some

SPLITS = ("train", "val", "test")
#: Comparing takes time with the square of the number; larger versions are compared on the Duplicates tab.
COMPARED = 4000


def check(subject: Subject) -> Iterator[Finding]:
    yield from check_content(subject.manifest)
    yield from check_apart(subject.manifest)


def check_content(manifest: Manifest) -> Iterator[Finding]:
    strange = {pk: split for pk, split in manifest.splits().items() if split not in SPLITS}
    if strange:
        message = f"Images are in the unknown split “{next(iter(strange.values()))}”. Freeze a new version."
        yield Finding(BLOCK, "split_unknown", message, some(strange))
    train, val = manifest.split("train"), manifest.split("val")
    if not any(image.boxes for image in train):
        what = "no training images" if not train else "no boxes on its training images"
        advice = "Label some images and freeze a new version with more of them in train."
        yield Finding(BLOCK, "no_train_boxes", f"This version has {what}, so there is nothing to learn. {advice}")
    if not any(image.boxes for image in val):
        what = "no validation images" if not val else "no boxes on its validation images"
        yield Finding(
            BLOCK,
            "no_val_boxes",
            f"This version has {what}, so nobody could tell whether the model is any good. "
            "Freeze a new version with a larger share for validation (10 to 20 %), then train that.",
        )


def check_apart(manifest: Manifest) -> Iterator[Finding]:
    """Near duplicates and frames of one video in different splits."""
    splits = manifest.splits()
    if len(splits) > COMPARED:
        return
    groups: dict[int, list[int]] = defaultdict(list)
    for pk, group in grouped(fingerprints(list(splits)), list(splits)).items():
        groups[group].append(pk)
    leaking = [pk for ids in groups.values() if len({splits[pk] for pk in ids}) > 1 for pk in ids]
    if leaking:
        yield Finding(
            WARN,
            "near_copies_across_splits",
            f"{counted(len(leaking), '1 image has', 'images have')} near copies in another split, so the figures will "
            "look better than the model is. Freeze a new version that keeps pictures of one shot together.",
            some(leaking),
        )


def fingerprints(ids: list[int]) -> dict[int, bytes]:
    rows = Image.objects.filter(pk__in=ids).exclude(fingerprint=None).order_by("pk")
    return {pk: bytes(value) for pk, value in rows.values_list("pk", "fingerprint") if value}
