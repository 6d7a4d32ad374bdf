"""What lies in the folder of a published detector: a checkpoint of TensorFlow 2 or 1, its config, perhaps names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from training.engine.errors import EngineError

DATA = re.compile(r"\.data-\d{5}-of-\d{5}$")
NUMBER = re.compile(r"-(\d+)$")


@dataclass(frozen=True)
class Layout:
    """The parts of a published detector; `prefix` is what TensorFlow calls the checkpoint."""

    prefix: Path
    config: Path | None
    label_map: Path | None


def is_needed(name: PurePosixPath) -> bool:
    """Whether a file of an archive is worth unpacking: not the SavedModel, whose weights are the checkpoint's again."""
    if "saved_model" in name.parts or name.name.startswith("._"):
        return False
    return name.suffix in (".index", ".config", ".pbtxt") or bool(DATA.search(name.name))


def look(folder: Path, source: str) -> Layout:
    """Finds the checkpoint and what belongs to it below `folder`; `source` is its name for people.

    Raises `EngineError` when there is no checkpoint or a part of it is missing.
    """
    indexes = sorted(path for path in folder.rglob("*.index") if "variables" not in path.parts)
    if not indexes:
        raise no_checkpoint(folder, source)
    index = max(indexes, key=lambda path: (path.parent.name == "checkpoint", number_of(path)))
    prefix = index.with_suffix("")
    check_complete(prefix, source)
    return Layout(prefix, first(folder, "pipeline.config", "*.config"), first(folder, "*label*.pbtxt", "*.pbtxt"))


def number_of(index: Path) -> int:
    found = NUMBER.search(index.stem)
    return int(found[1]) if found else -1


def check_complete(prefix: Path, source: str) -> None:
    """All shards of the data must be there; their names tell how many there are."""
    shards = sorted(prefix.parent.glob(prefix.name.replace("[", "[[]") + ".data-*-of-*"))
    promised = int(shards[0].name.rsplit("-", 1)[1]) if shards else 1
    if len(shards) != promised:
        raise EngineError(
            "bad_checkpoint",
            f"The checkpoint {prefix.name} in {source} has {len(shards)} of its {promised} data files; "
            "get the whole of it again.",
        )


def no_checkpoint(folder: Path, source: str) -> EngineError:
    if any(folder.rglob("*.pb")):
        what = "only a finished graph, which cannot be trained on"
    else:
        what = "no checkpoint (checkpoint/ckpt-0.index or model.ckpt.index)"
    return EngineError(
        "bad_archive", f"{source} holds {what}; choose the archive of a detector as the model zoo publishes it."
    )


def first(folder: Path, *patterns: str) -> Path | None:
    for pattern in patterns:
        found = sorted(folder.rglob(pattern), key=lambda path: (len(path.parts), path))
        if found:
            return found[0]
    return None
