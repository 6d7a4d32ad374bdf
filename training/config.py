"""A run's settings as values: checked, completed with defaults that follow from the version, written as run.json."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sw_site.lib.errors import UserError
from training import presets

if TYPE_CHECKING:
    from datasets.models import DatasetVersion
    from training.bases import Base

RUN_FORMAT = 1


@dataclass(frozen=True)
class TrainingSettings:
    """What a person may choose. `learning_rate` is the peak of a cosine with 5 % warm-up; `input_size` is in pixels."""

    steps: int
    batch_size: int = presets.DEFAULT_BATCH_SIZE
    learning_rate: float = 0.02
    depth_multiplier: float = presets.DEFAULT_DEPTH_MULTIPLIER
    input_size: int = presets.DEFAULT_INPUT_SIZE
    augmentation: str = "default"
    horizontal_flip: bool = True
    seed: int = 1

    def __post_init__(self) -> None:
        """Refuses what the engine would refuse later; UserError `bad_setting`."""
        within("The number of steps", self.steps, presets.MIN_STEPS, presets.MAX_STEPS)
        within("The batch size", self.batch_size, presets.MIN_BATCH, presets.MAX_BATCH)
        within("The learning rate", self.learning_rate, 1e-6, 1.0)
        within("The seed", self.seed, 0, 2**31 - 1)
        one_of("The depth multiplier", self.depth_multiplier, presets.DEPTH_MULTIPLIERS)
        one_of("The input size", self.input_size, presets.INPUT_SIZES)
        one_of("The augmentation", self.augmentation, tuple(presets.AUGMENTATIONS))

    @classmethod
    def for_version(cls, version: DatasetVersion, base: Base | None = None, **chosen: Any) -> TrainingSettings:
        """The choices made (None means "you decide"), completed for this version and this start."""
        values = {key: value for key, value in chosen.items() if value not in (None, "")}
        batch = values.setdefault("batch_size", presets.DEFAULT_BATCH_SIZE)
        within("The batch size", batch, presets.MIN_BATCH, presets.MAX_BATCH)
        values.setdefault("steps", presets.default_steps(version.counts["train"]["images"], batch))
        values.setdefault("learning_rate", presets.default_learning_rate(batch))
        if base is not None:
            for key, value in base.shape.items():
                values.setdefault(key, value)
        return cls(**values)

    @property
    def cost(self) -> float:
        """Work of one step, as a multiple of the smallest model at its default size."""
        return presets.step_cost(self.depth_multiplier, self.input_size, self.batch_size)

    def run_json(self, name: str, base: dict[str, Any]) -> dict[str, Any]:
        """The engine's request (see docs of `training.engine.request`)."""
        every = presets.evaluate_every(self.steps)
        return {
            "format": RUN_FORMAT,
            "name": name,
            "seed": self.seed,
            "model": {
                "architecture": presets.ARCHITECTURE,
                "depth_multiplier": self.depth_multiplier,
                "input_size": self.input_size,
            },
            "train": {
                "steps": self.steps,
                "batch_size": self.batch_size,
                "learning_rate": self.learning_rate,
                "warmup_steps": presets.warmup_steps(self.steps),
                "augmentation": self.augmentation,
                "horizontal_flip": self.horizontal_flip,
                "gradient_clip": presets.GRADIENT_CLIP,
                "evaluate_every": every,
                "checkpoint_every": every,
                "log_every": presets.log_every(self.steps),
            },
            "base": base,
        }


def chosen_in(config: dict[str, Any]) -> dict[str, Any]:
    """The choices a stored run.json was made from: `TrainingSettings(**chosen_in(run.config))`."""
    train, model = config.get("train", {}), config.get("model", {})
    keys = ("steps", "batch_size", "learning_rate", "augmentation", "horizontal_flip")
    values = {key: train[key] for key in keys if key in train}
    values |= {key: model[key] for key in ("depth_multiplier", "input_size") if key in model}
    return values | ({"seed": config["seed"]} if "seed" in config else {})


def within(what: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise UserError("bad_setting", f"{what} is {value:g}; it must be from {low:g} to {high:,g}.", 422)


def one_of(what: str, value: Any, choices: tuple[Any, ...]) -> None:
    if value not in choices:
        words = ", ".join(str(choice) for choice in choices)
        raise UserError("bad_setting", f"{what} is {value}; it must be one of {words}.", 422)
