"""What would stop a run or spoil its model, found before any computer time is spent."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from datasets.versions.manifest import Manifest, ManifestError
from sw_site.lib.errors import UserError
from training import presets
from training.bases import BACKBONE_SUFFIX, HDF5_SIGNATURE, NOTHING, Base, shape_of
from training.config import TrainingSettings
from training.models import TrainedModel
from training.words import size

if TYPE_CHECKING:
    from datasets.models import DatasetVersion

FEW_TRAIN_BOXES, FEW_VAL_BOXES = 10, 3
SMALLEST_BOX_SHARE = 0.03
MEBIBYTE = 1024 * 1024
JPEG_BYTES_PER_PIXEL = 0.3
#: Kept free for exports, logs, and everything else the site writes while a run goes on.
RESERVE_BYTES = 200 * MEBIBYTE


@dataclass(frozen=True)
class Finding:
    """One thing to know before the run. `level` is "block" (the run is refused) or "warn"."""

    level: str
    code: str
    message: str

    @property
    def blocks(self) -> bool:
        return self.level == "block"


def preflight(version: DatasetVersion, config: TrainingSettings, base: Base = NOTHING) -> list[Finding]:
    """Everything found wrong with training this version with these settings from this base; blocks come first."""
    try:
        manifest = version.manifest()
    except ManifestError as error:
        return [Finding("block", "version_unreadable", str(error))]
    checks = (check_splits(manifest), check_classes(manifest), check_boxes(manifest, config))
    found = [finding for check in checks for finding in check]
    found += [*check_files(manifest), *check_base(base, config), *check_disk(manifest, config)]
    return sorted(found, key=lambda finding: not finding.blocks)


def refuse_if_blocked(findings: list[Finding]) -> None:
    """UserError with every blocking sentence, under the first one's code."""
    blocking = [finding for finding in findings if finding.blocks]
    if blocking:
        raise UserError(blocking[0].code, " ".join(finding.message for finding in blocking), 422)


def check_splits(manifest: Manifest) -> Iterator[Finding]:
    train, val = manifest.split("train"), manifest.split("val")
    if not any(image.boxes for image in train):
        what = "no training images" if not train else "no boxes on its training images"
        advice = "Label some images and freeze a new version with more of them in train."
        yield Finding("block", "no_train_boxes", f"This version has {what}, so there is nothing to learn. {advice}")
    if not any(image.boxes for image in val):
        what = "no validation images" if not val else "no boxes on its validation images"
        yield Finding(
            "block",
            "no_val_boxes",
            f"This version has {what}, so nobody could tell whether the model is any good. "
            "Freeze a new version with a larger share for validation (10 to 20 %), then train that.",
        )


def check_classes(manifest: Manifest) -> Iterator[Finding]:
    counts = manifest.counts()
    train, val = counts["train"]["classes"], counts["val"]["classes"]
    for name in manifest.classes.values():
        if train[name] == 0:
            message = f"“{name}” has no boxes to learn from, so the model will never find it. Label some in train."
            yield Finding("warn", "class_without_boxes", message)
        elif train[name] < FEW_TRAIN_BOXES:
            message = (
                f"“{name}” has only {boxes(train[name])} to learn from; it will be found poorly. Aim for 50 or more."
            )
            yield Finding("warn", "class_with_few_boxes", message)
        if train[name] and val[name] < FEW_VAL_BOXES:
            message = f"“{name}” has {boxes(val[name])} in validation; its figure will be a matter of luck."
            yield Finding("warn", "class_with_few_val_boxes", message)


def boxes(count: int) -> str:
    return "1 box" if count == 1 else f"{count or 'no'} boxes"


def check_boxes(manifest: Manifest, config: TrainingSettings) -> Iterator[Finding]:
    sides = sorted(
        max((box.x2 - box.x1) / image.width, (box.y2 - box.y1) / image.height)
        for image in manifest.split("train")
        for box in image.boxes
    )
    if sides and sides[len(sides) // 10] < SMALLEST_BOX_SHARE:
        pixels = round(sides[len(sides) // 10] * config.input_size)
        yield Finding(
            "warn",
            "small_objects",
            f"One box in ten is {pixels} pixels or less at an input of {config.input_size} px, which is hard to find. "
            "A larger input size helps, and takes longer.",
        )


def check_files(manifest: Manifest) -> Iterator[Finding]:
    missing = [image.file_name for image in manifest.images if image.split != "test" and not image.path.is_file()]
    if missing:
        names = ", ".join(missing[:3]) + (" …" if len(missing) > 3 else "")
        yield Finding(
            "block",
            "missing_files",
            f"{len(missing)} image {'file is' if len(missing) == 1 else 'files are'} missing on the server ({names}). "
            "Restore them from a backup, or freeze a new version without them.",
        )


def check_base(base: Base, config: TrainingSettings) -> Iterator[Finding]:
    if base.kind == "backbone":
        yield from check_backbone(Path(base.path))
    if base.kind == "checkpoint" and not Path(base.path + ".index").is_file():
        yield Finding(
            "block",
            "base_missing",
            f"The checkpoint of {base.label} is no longer on the server. Start from another model, or from nothing.",
        )
    if base.model:
        yield from check_shape(base, base.model, config)


def check_backbone(path: Path) -> Iterator[Finding]:
    advice = "Choose another file, or start from nothing."
    if not path.name.endswith(BACKBONE_SUFFIX):
        yield Finding(
            "block", "base_not_weights", f"{path.name} is not a {BACKBONE_SUFFIX} file as Keras saves it. {advice}"
        )
    elif not path.is_file():
        yield Finding("block", "base_missing", f"There is no file {path}. {advice}")
    elif not has_signature(path):
        yield Finding("block", "base_not_weights", f"{path.name} is not an HDF5 file inside. {advice}")


def has_signature(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(HDF5_SIGNATURE)) == HDF5_SIGNATURE
    except OSError:
        return False


def check_shape(base: Base, model: TrainedModel, config: TrainingSettings) -> Iterator[Finding]:
    shape = shape_of(model)
    network = shape.get("architecture", config.architecture)
    if network != config.architecture:
        yield Finding(
            "block",
            "base_other_architecture",
            f"{base.label} is a {network} and this run asks for a {config.architecture}, so none of its weights would "
            f"fit. Choose {network}, or start from nothing.",
        )
    depth = shape.get("depth_multiplier", config.depth_multiplier)
    if depth != config.depth_multiplier:
        yield Finding(
            "block",
            "base_other_depth",
            f"{base.label} has a depth multiplier of {depth:g} and this run asks for {config.depth_multiplier:g}, "
            f"so none of its weights would fit. Set it to {depth:g}, or start from nothing.",
        )


def check_disk(manifest: Manifest, config: TrainingSettings) -> Iterator[Finding]:
    """Records are about the images' own bytes (estimated from pixels), checkpoints grow with the model's width."""
    pixels = sum(image.width * image.height for image in manifest.images)
    checkpoints = 40 * MEBIBYTE * presets.DEPTH_COST.get(config.depth_multiplier, 1.0) ** 2
    needed = int(RESERVE_BYTES + checkpoints + 1.5 * pixels * JPEG_BYTES_PER_PIXEL)
    root = Path(settings.RUNS_ROOT)
    free = shutil.disk_usage(next(path for path in (root, *root.parents) if path.exists())).free
    if free < needed:
        yield Finding(
            "block",
            "disk_full",
            f"The run needs about {size(needed)} on the server's disk and {size(free)} are free. "
            "Free some space, then start it.",
        )
