"""What a run is asked to do: the frozen content of run.json, with the engine's defaults."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from training.engine.fields import brief, clean
from training.engine.request.base import BASE_KINDS, BaseRequest
from training.engine.request.checks import check_overrides, check_range, refuse, section
from training.engine.request.model import ARCHITECTURES, ModelRequest
from training.engine.request.train import AUGMENTATIONS, TrainRequest
from training.engine.rundir import read_json

__all__ = [
    "ARCHITECTURES",
    "AUGMENTATIONS",
    "BASE_KINDS",
    "BaseRequest",
    "ModelRequest",
    "RunRequest",
    "TrainRequest",
]

FORMAT = 1


@dataclass(frozen=True)
class RunRequest:
    """Everything run.json says. The same seed repeats a run bit by bit, see `train.deterministic`.

    `overrides` are settings of pipeline.config that a person has changed: protobuf text by path, see `overrides`.
    """

    name: str = ""
    seed: int = 1
    model: ModelRequest = field(default_factory=ModelRequest)
    train: TrainRequest = field(default_factory=TrainRequest)
    base: BaseRequest = field(default_factory=BaseRequest)
    overrides: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_overrides(self.overrides)
        check_range("seed", self.seed, 0, 2**31 - 1, whole=True)
        if self.base.kind == "none" and (self.train.freeze or self.train.freeze_batch_norm):
            raise refuse("train.freeze and train.freeze_batch_norm keep the weights of a base; choose a base as well.")

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> RunRequest:
        """Builds the request from parsed run.json; `EngineError` names the first thing that is wrong."""
        if not isinstance(value, dict):
            raise refuse("run.json must hold one JSON object.")
        if value.get("format", FORMAT) != FORMAT:
            raise refuse(f"run.json has format {brief(value['format'])}; this engine reads format {FORMAT}.")
        return cls(
            name=clean(str(value.get("name", ""))),
            seed=value.get("seed", 1),
            model=section(ModelRequest, "model", value),
            train=section(TrainRequest, "train", value),
            base=section(BaseRequest, "base", value),
            overrides=value.get("overrides", {}),
        )

    @classmethod
    def load(cls, path: Path) -> RunRequest:
        """Reads run.json from disk."""
        return cls.from_json(read_json(path))

    def to_json(self) -> dict[str, Any]:
        """The inverse of `from_json`, with every default written out."""
        return {"format": FORMAT, **asdict(self), "base": {**asdict(self.base), "classes": list(self.base.classes)}}
