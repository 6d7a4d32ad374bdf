"""The text of a config as it lies on disk. Plain Python: it is looked at before TensorFlow is chosen a way."""

from __future__ import annotations

import re
from pathlib import Path

from training.engine.architectures.preset import Preset
from training.engine.architectures.presets import PRESETS
from training.engine.config_import.networks import OF_CENTERNET, OF_TENSORFLOW_1, OF_TENSORFLOW_2
from training.engine.errors import EngineError

MOST_BYTES = 1_000_000
EXTRACTOR = re.compile(r"""\bfeature_extractor\s*:?\s*\{[^{}]*?\btype\s*:\s*["']([^"']+)["']""", re.DOTALL)
TYPE = re.compile(r"""\btype\s*:\s*["']([^"']+)["']""")
COMMENT = re.compile(r"#[^\n]*")


def load(path: Path) -> str:
    """The text of a config file; `EngineError` when it is no text at all."""
    if not path.is_file():
        raise refused(f"{path.name} is missing; choose the pipeline.config again.")
    if path.stat().st_size > MOST_BYTES:
        raise refused(f"{path.name} is larger than a megabyte, which no pipeline.config is; choose another file.")
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise refused(
            f"{path.name} is not a text file (line {line} is not UTF-8); choose the pipeline.config of a model."
        ) from error
    if "\0" in text:
        raise refused(f"{path.name} is not a text file; choose the pipeline.config of a model.")
    return text


def way_of(path: Path) -> str:
    """ "tf2" or "tf1": what the feature extractor of the config at `path` was written for."""
    return way_of_extractor(extractor_of(load(path)))


def extractor_of(text: str) -> str:
    """The name of the feature extractor; `EngineError` when the text names none."""
    bare = COMMENT.sub("", text)
    found = EXTRACTOR.search(bare)
    if not found:  # other blocks may stand before the type
        found = next((one for one in TYPE.finditer(bare) if one[1] in OF_TENSORFLOW_1 | OF_TENSORFLOW_2), None)
    if not found:
        raise refused(
            "The file names no feature extractor (model { … feature_extractor { type: … } }), so it is not the "
            "pipeline.config of a detector; choose another file."
        )
    return found[1]


def way_of_extractor(name: str) -> str:
    """TensorFlow 2's extractors are made of Keras layers and say so in their names, except CenterNet's."""
    return "tf2" if name.endswith("_keras") or name in OF_CENTERNET else "tf1"


def preset_with(extractor: str) -> Preset | None:
    """The first preset with that feature extractor."""
    return next((one for one in PRESETS.values() if one.feature_extractor == extractor), None)


def refused(sentence: str) -> EngineError:
    return EngineError("bad_config", sentence)
