"""What a run is asked to do: the frozen content of run.json, with the engine's defaults."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

from training.engine.errors import EngineError
from training.engine.rundir import read_json

FORMAT = 1
ARCHITECTURES = ("ssd_mobilenet_v2_fpn_keras",)
AUGMENTATIONS = ("default", "flip", "none")
BASE_KINDS = ("none", "backbone", "checkpoint")
DEPTH_MULTIPLIERS = (0.1, 1.4)
INPUT_SIZES = (96, 1024)
INPUT_STRIDE = 32

T = TypeVar("T")


def refuse(sentence: str) -> EngineError:
    return EngineError("bad_request", sentence)


@dataclass(frozen=True)
class ModelRequest:
    """The detector to build; `input_size` is the side in pixels of the square it sees."""

    architecture: str = "ssd_mobilenet_v2_fpn_keras"
    depth_multiplier: float = 0.35
    input_size: int = 320

    def __post_init__(self) -> None:
        if self.architecture not in ARCHITECTURES:
            raise refuse(f"Unknown architecture {self.architecture!r}; it must be one of {', '.join(ARCHITECTURES)}.")
        check_range("model.depth_multiplier", self.depth_multiplier, *DEPTH_MULTIPLIERS)
        check_range("model.input_size", self.input_size, *INPUT_SIZES, whole=True)
        if self.input_size % INPUT_STRIDE:
            raise refuse(f"model.input_size is {self.input_size}; it must be a multiple of {INPUT_STRIDE} pixels.")


@dataclass(frozen=True)
class TrainRequest:
    """How to train it. `warmup_steps` None means 5 % of the steps; `gradient_clip` 0 switches clipping off."""

    steps: int = 2000
    batch_size: int = 8
    learning_rate: float = 0.02
    warmup_steps: int | None = None
    augmentation: str = "default"
    horizontal_flip: bool = True
    gradient_clip: float = 10.0
    evaluate_every: int = 200
    checkpoint_every: int = 200
    log_every: int = 10

    def __post_init__(self) -> None:
        check_range("train.steps", self.steps, 1, 1_000_000, whole=True)
        check_range("train.batch_size", self.batch_size, 1, 512, whole=True)
        check_range("train.learning_rate", self.learning_rate, 1e-7, 10.0)
        check_range("train.gradient_clip", self.gradient_clip, 0.0, 1e6)
        for name in ("evaluate_every", "checkpoint_every", "log_every"):
            check_range(f"train.{name}", getattr(self, name), 1, 1_000_000, whole=True)
        if not isinstance(self.horizontal_flip, bool):
            raise refuse("train.horizontal_flip must be true or false.")
        if self.augmentation not in AUGMENTATIONS:
            raise refuse(f"Unknown augmentation {self.augmentation!r}; it must be one of {', '.join(AUGMENTATIONS)}.")
        if self.warmup_steps is not None:
            check_range("train.warmup_steps", self.warmup_steps, 0, self.steps - 1, whole=True)

    @property
    def warmup(self) -> int:
        """Steps of linear warm-up, with the default worked out; always fewer than `steps`."""
        return self.steps // 20 if self.warmup_steps is None else self.warmup_steps


@dataclass(frozen=True)
class BaseRequest:
    """What training starts from. `classes` are the class names of a checkpoint in the order of their ids."""

    kind: str = "none"
    path: str = ""
    classes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in BASE_KINDS:
            raise refuse(f"Unknown base {self.kind!r}; it must be one of {', '.join(BASE_KINDS)}.")
        if self.kind != "none" and not self.path:
            raise refuse(f"A base of kind {self.kind} needs a path.")
        object.__setattr__(self, "classes", tuple(self.classes))


@dataclass(frozen=True)
class RunRequest:
    """Everything run.json says. The same seed repeats the initial weights; the order of images is not repeatable."""

    name: str = ""
    seed: int = 1
    model: ModelRequest = field(default_factory=ModelRequest)
    train: TrainRequest = field(default_factory=TrainRequest)
    base: BaseRequest = field(default_factory=BaseRequest)

    def __post_init__(self) -> None:
        check_range("seed", self.seed, 0, 2**31 - 1, whole=True)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> RunRequest:
        """Builds the request from parsed run.json; `EngineError` names the first thing that is wrong."""
        if not isinstance(value, dict):
            raise refuse("run.json must hold one JSON object.")
        if value.get("format", FORMAT) != FORMAT:
            raise refuse(f"run.json has format {value['format']!r}; this engine reads format {FORMAT}.")
        return cls(
            name=str(value.get("name", "")),
            seed=value.get("seed", 1),
            model=section(ModelRequest, "model", value),
            train=section(TrainRequest, "train", value),
            base=section(BaseRequest, "base", value),
        )

    @classmethod
    def load(cls, path: Path) -> RunRequest:
        """Reads run.json from disk."""
        return cls.from_json(read_json(path))

    def to_json(self) -> dict[str, Any]:
        """The inverse of `from_json`, with every default written out."""
        return {"format": FORMAT, **asdict(self), "base": {**asdict(self.base), "classes": list(self.base.classes)}}


def section(kind: type[T], name: str, value: dict[str, Any]) -> T:
    given = value.get(name, {})
    if not isinstance(given, dict):
        raise refuse(f"{name} in run.json must be a JSON object.")
    unknown = sorted(set(given) - {known.name for known in fields(kind)})  # type: ignore[arg-type]
    if unknown:
        raise refuse(f"run.json has an unknown setting {name}.{unknown[0]}; remove it or correct its name.")
    return kind(**given)


def check_range(name: str, value: Any, low: float, high: float, whole: bool = False) -> None:
    kinds = (int,) if whole else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds) or not low <= value <= high:
        kind = "a whole number" if whole else "a number"
        raise refuse(f"{name} is {value!r}; it must be {kind} from {low} to {high}.")
