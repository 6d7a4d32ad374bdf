"""The paths inside one run directory, and files that are either whole or absent."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.engine.errors import EngineError

SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class RunDirectory:
    """Names of everything in a run directory; creates nothing by itself."""

    root: Path

    @property
    def request(self) -> Path:
        return self.root / "run.json"

    @property
    def dataset(self) -> Path:
        return self.root / "dataset.json"

    @property
    def events(self) -> Path:
        return self.root / "events.jsonl"

    @property
    def log(self) -> Path:
        return self.root / "log.txt"

    @property
    def cancel(self) -> Path:
        return self.root / "cancel"

    @property
    def finish(self) -> Path:
        return self.root / "finish"

    @property
    def pipeline_config(self) -> Path:
        return self.root / "pipeline.config"

    @property
    def label_map(self) -> Path:
        return self.root / "label_map.pbtxt"

    @property
    def checkpoints(self) -> Path:
        return self.root / "checkpoints"

    @property
    def best(self) -> Path:
        return self.root / "best"

    @property
    def exports(self) -> Path:
        return self.root / "exports"

    @property
    def train_summaries(self) -> Path:
        return self.root / "train"

    @property
    def eval_summaries(self) -> Path:
        return self.root / "eval"

    @property
    def records_index(self) -> Path:
        return self.root / "records.json"

    def shard(self, split: str, number: int, count: int) -> Path:
        """One of the `count` record files of a split, named as TensorFlow's tools name them."""
        return self.root / f"{split}-{number:05d}-of-{count:05d}.record"

    def records(self, split: str) -> list[Path]:
        """The record files of a split in order; empty before they are written."""
        return sorted(self.root.glob(f"{split}-?????-of-?????.record"))

    def detections(self, step: int) -> Path:
        """Per-image validation detections and figures of the evaluation at `step`."""
        return self.root / "eval" / f"detections-{step}.json"


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yields `<path>.part` to write to; renames it to `path` on success and removes it on any failure."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    try:
        yield part
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Writes UTF-8 text so that a reader sees the old file or the new one, never half of it."""
    with whole_file(path) as part:
        part.write_text(text, encoding="utf-8")


def write_json(path: Path, value: Any) -> None:
    """Writes compact JSON through `write_text`."""
    write_text(path, json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n")


def read_json(path: Path) -> Any:
    """The parsed JSON file; `EngineError` when it is absent or is not JSON."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        sentence = f"{path.name} is missing in the run directory; start the run again."
        raise EngineError("bad_request", sentence) from error
    except OSError as error:
        sentence = f"{path.name} cannot be read ({error.strerror}); put it right, then start the run again."
        raise EngineError("bad_request", sentence) from error
    except (ValueError, RecursionError) as error:
        raise EngineError("bad_request", f"{path.name} is not valid JSON ({error}); start the run again.") from error
