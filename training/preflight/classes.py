"""Classes that cannot be learnt, cannot be told apart, or cannot be measured."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from datasets.versions.manifest import Manifest
from training.preflight.boxes import pairs
from training.preflight.finding import BLOCK, FIX, WARN, Finding, Subject, named, some

FEW_TRAIN_BOXES, FEW_VAL_BOXES = 10, 3


def check(subject: Subject) -> Iterator[Finding]:
    manifest = subject.manifest
    yield from check_names(manifest)
    yield from check_numbers(manifest)
    yield from check_amounts(manifest)


def check_names(manifest: Manifest) -> Iterator[Finding]:
    if not manifest.classes:
        yield Finding(
            BLOCK,
            "no_classes",
            "This version has no classes. Add a class, label images, and freeze a new version.",
        )
    if any(not name.strip() for name in manifest.classes.values()):
        yield Finding(BLOCK, "class_without_name", "A class has no name. Name it, then freeze a new version.")
    for names in alike(manifest.classes.values()):
        if len(set(names)) < len(names):
            message = f"Two classes are called “{names[0]}”. Merge them or rename one, then freeze a new version."
            yield Finding(BLOCK, "class_name_twice", message)
        else:
            listed = " and ".join(f"“{name}”" for name in names)
            message = f"{listed} look like one class written in several ways. Merge them on the Classes page if so."
            yield Finding(WARN, "class_variants", message)


def alike(names: Any) -> list[list[str]]:
    """Groups of names that differ in case, spaces, dashes or underscores only."""
    groups: dict[str, list[str]] = defaultdict(list)
    for name in names:
        groups["".join(letter for letter in name.casefold() if letter not in " -_")].append(name)
    return [group for plain, group in groups.items() if plain and len(group) > 1]


def check_numbers(manifest: Manifest) -> Iterator[Finding]:
    numbers = sorted(manifest.classes)
    if numbers and numbers[0] < 1:
        message = f"A class has the number {numbers[0]}; numbers start at 1, because 0 is background. Freeze again."
        yield Finding(BLOCK, "class_zero", message)
    elif numbers and numbers != list(range(1, len(numbers) + 1)):
        what = ", ".join(map(str, numbers[:8]))
        message = f"Class numbers have gaps ({what}); the label map of the run counts them 1 to {len(numbers)}."
        yield Finding(FIX, "class_numbers_closed", message)
    unknown = [(image.id, box.class_id) for image, box in pairs(manifest) if box.class_id not in manifest.classes]
    if unknown:
        kinds = named(str(number) for _, number in unknown)
        message = f"Boxes name a class this version does not have (number {kinds}). Freeze a new version."
        yield Finding(BLOCK, "class_unknown", message, some(pk for pk, _ in unknown))


def check_amounts(manifest: Manifest) -> Iterator[Finding]:
    counts: dict[str, Counter[int]] = defaultdict(Counter)
    for image in manifest.images:
        counts[image.split].update(box.class_id for box in image.boxes)
    has_train = bool(counts["train"])
    for number, name in manifest.classes.items():
        train, val = counts["train"][number], counts["val"][number]
        if has_train and val and not train:
            yield Finding(
                BLOCK,
                "class_only_in_val",
                f"“{name}” has boxes to be measured on and none to learn from. Freeze a new version whose split gives "
                "it some training images, or retire the class.",
            )
        elif train == 0:
            message = f"“{name}” has no boxes to learn from, so the model will never find it. Label some in train."
            yield Finding(WARN, "class_without_boxes", message)
        elif train < FEW_TRAIN_BOXES:
            message = f"“{name}” has only {amount(train)} to learn from; it will be found poorly. Aim for 50 or more."
            yield Finding(WARN, "class_with_few_boxes", message)
        if train and val < FEW_VAL_BOXES:
            message = f"“{name}” has {amount(val)} in validation; its figure will be a matter of luck."
            yield Finding(WARN, "class_with_few_val_boxes", message)


def amount(count: int) -> str:
    return "1 box" if count == 1 else f"{count or 'no'} boxes"
