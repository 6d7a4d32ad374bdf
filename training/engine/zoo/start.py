"""From what run.json names as its base to one checkpoint prefix and the names of its classes."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.engine.config_import.source import COMMENT, extractor_of, load, preset_with, way_of_extractor
from training.engine.errors import EngineError
from training.engine.request.base import BaseRequest
from training.engine.zoo import coco
from training.engine.zoo.archive import extract
from training.engine.zoo.label_map import read_names
from training.engine.zoo.layout import DATA, Layout, check_complete, is_needed, look

CLASS_COUNT = re.compile(r"\bnum_classes\s*:\s*(\d+)")


@dataclass(frozen=True)
class Start:
    """A checkpoint to start from. `classes` are names in the order of their ids, empty when nobody knows them."""

    prefix: str
    classes: tuple[str, ...]
    source: str
    extractor: str = ""


def resolve(base: BaseRequest, folder: Path, wanted: str) -> Start:
    """What a base of kind `checkpoint` or `zoo` is made of.

    `folder` is a place to unpack to, which the caller removes; `wanted` is the feature extractor of the run's model.
    Raises `EngineError` for an archive or a checkpoint that cannot be used, or that belongs to another network.
    """
    path = Path(base.path)
    layout = beside(path) if base.kind == "checkpoint" else look(unpacked(path, folder), path.name)
    extractor = extractor_of(load(layout.config)) if layout.config else ""
    if extractor and without_variant(extractor) != without_variant(wanted):
        raise mismatch(path.name, extractor, wanted)
    return Start(str(layout.prefix), base.classes or class_names(layout), path.name, extractor)


def without_variant(extractor: str) -> str:
    """Two names of one network: CenterNet's MobileNet with separable convolutions is a setting in newer configs."""
    return extractor.removesuffix("_sep_conv")


def unpacked(path: Path, folder: Path) -> Path:
    """The folder with the detector's files: the one that was given, or what came out of the archive."""
    if path.is_dir():
        return path
    shutil.rmtree(folder, ignore_errors=True)
    extract(path, folder, is_needed)
    return folder


def beside(path: Path) -> Layout:
    """A checkpoint as people name it: by its prefix, by one of its files, or by its folder; with what lies near it."""
    if path.is_dir():
        return look(path, path.name)
    prefix = path.with_suffix("") if path.suffix == ".index" else path.with_name(DATA.sub("", path.name))
    if not prefix.with_name(prefix.name + ".index").is_file():
        if prefix.is_file():
            raise EngineError(
                "bad_checkpoint",
                f"{prefix.name} is a single file, as checkpoints were before 2017 or models are when they are frozen; "
                "give a checkpoint with its .index and .data files.",
            )
        sentence = f"The checkpoint {prefix.name} is missing; choose another base model."
        raise EngineError("bad_checkpoint", sentence)
    check_complete(prefix, prefix.parent.name)
    config = next((place / "pipeline.config" for place in near(prefix) if (place / "pipeline.config").is_file()), None)
    return Layout(prefix, config, None)


def near(prefix: Path) -> tuple[Path, Path]:
    return prefix.parent, prefix.parent.parent


def class_names(layout: Layout) -> tuple[str, ...]:
    """Names from the dataset of a run of this engine, from a label map, or COCO's where there are ninety of them."""
    for place in near(layout.prefix):
        if (place / "dataset.json").is_file():
            return names_of_run(place / "dataset.json")
    count = class_count(layout)
    if layout.label_map:
        return tuple(read_names(layout.label_map, gaps=True))
    return coco.names() if count == coco.CLASSES else ()


def names_of_run(path: Path) -> tuple[str, ...]:
    try:
        rows: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["classes"]
        return tuple(str(row["name"]) for row in sorted(rows, key=lambda row: int(row["id"])))
    except (ValueError, KeyError, TypeError):
        return ()  # not ours after all; without names the class weights start fresh


def class_count(layout: Layout) -> int:
    found = CLASS_COUNT.search(COMMENT.sub("", load(layout.config))) if layout.config else None
    return int(found[1]) if found else 0


def mismatch(source: str, extractor: str, wanted: str) -> EngineError:
    """Said before anything is built: weights of another network would be of no use."""
    ways = {"tf1": "TensorFlow 1", "tf2": "TensorFlow 2"}
    have, need = way_of_extractor(extractor), way_of_extractor(wanted)
    version = f" (for {ways[have]}, and the run is for {ways[need]})" if have != need else ""
    chosen = preset_with(extractor)
    remedy = f"choose the architecture {chosen.name}" if chosen else "import its pipeline.config as the architecture"
    return EngineError(
        "base_mismatch",
        f"{source} holds a detector on {extractor}{version}, but the run builds one on {wanted}; "
        f"{remedy}, or another base.",
    )
