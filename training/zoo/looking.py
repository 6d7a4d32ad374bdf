"""What an archive of a detector holds, found out without unpacking its weights."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from sw_site.lib.errors import UserError
from training.engine.architectures.preset import Preset
from training.engine.config_import.source import COMMENT, MOST_BYTES, extractor_of, preset_with
from training.engine.errors import EngineError
from training.engine.zoo.archive import members, reading
from training.engine.zoo.layout import DATA, is_needed

SIDE = re.compile(r"\b(?:height|min_dimension)\s*:\s*(\d+)")
WIDTH = re.compile(r"\bdepth_multiplier\s*:\s*([\d.]+)")


@dataclass(frozen=True)
class Content:
    """`preset` is the detector the weights are of; `input_size` in pixels and `depth_multiplier` as its config says."""

    preset: Preset
    input_size: int
    depth_multiplier: float


def look_into(path: Path) -> Content:
    """Reads the whole archive once. UserError when it is damaged, holds no checkpoint, or is of an unknown network."""
    try:
        names, config = read_through(path)
        preset = preset_with(extractor_of(config)) if config else None
    except EngineError as error:
        raise UserError(error.code, error.sentence, 422) from error
    if not any(name.endswith(".index") for name in names) or not any(DATA.search(name) for name in names):
        raise UserError(
            "bad_archive",
            f"{path.name} holds no checkpoint (ckpt-0.index with its data), so there is nothing to go on from. "
            "Choose the archive of a detector as the model zoo publishes it.",
            422,
        )
    if preset is None:
        raise UserError(
            "bad_archive",
            f"{path.name} holds no pipeline.config of a network that can be trained here. "
            "Choose an archive as the model zoo publishes it, with its pipeline.config.",
            422,
        )
    return content_of(config, preset)


def read_through(path: Path) -> tuple[list[str], str]:
    """The names of the files that count, and the text of the config."""
    names, config = [], ""
    with reading(path):
        for member in members(path):
            if not is_needed(member.name):
                continue
            names.append(member.name.name)
            if member.name.suffix == ".config" and not config:
                with member.open() as file:
                    config = file.read(MOST_BYTES).decode("utf-8", "replace")
    return names, config


def content_of(config: str, preset: Preset) -> Content:
    bare = COMMENT.sub("", config)
    side, width = SIDE.search(bare), WIDTH.search(bare)
    low, high = preset.input_sizes
    size = min(max(int(side[1]), low), high) if side else preset.default_input_size
    size -= size % preset.input_stride
    return Content(preset, size, float(width[1]) if width and preset.depth_multipliers else 1.0)
