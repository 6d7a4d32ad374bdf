"""records.json: which shards a run has, from which dataset.json they were made, and what is in them."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from typing import Any

from training.engine.errors import EngineError
from training.engine.rundir import RunDirectory, read_json, write_json

FORMAT = 1


@dataclass(frozen=True)
class Shard:
    """One record file: its name, its size in bytes, and how many images and boxes it holds."""

    file: str
    bytes: int
    images: int
    boxes: int


@dataclass(frozen=True)
class Index:
    """The shards of all splits. `dataset` is the SHA-256 of the dataset.json they were written from."""

    dataset: str
    shards: tuple[Shard, ...]


def write(run: RunDirectory, index: Index) -> None:
    write_json(run.records_index, {"format": FORMAT, **asdict(index)})


def read(run: RunDirectory) -> Index | None:
    """The index, or None when there is none that can be read."""
    try:
        value: Any = read_json(run.records_index)
        if value["format"] != FORMAT:
            return None
        return Index(value["dataset"], tuple(Shard(**item) for item in value["shards"]))
    except (EngineError, KeyError, TypeError):
        return None


def dataset_digest(run: RunDirectory) -> str:
    """SHA-256 of dataset.json as it stands, empty when there is none."""
    if not run.dataset.exists():
        return ""
    return hashlib.sha256(run.dataset.read_bytes()).hexdigest()
