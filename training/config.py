"""A run's settings as values: checked, completed with defaults that follow from the version, written as run.json."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sw_site.lib.errors import UserError
from training import presets
from training.configs import PREFIX, imported
from training.engine.architectures.preset import Preset
from training.engine.architectures.presets import CUSTOM
from training.engine.recipe import CUSTOM_BATCH_SIZE, has_sides

if TYPE_CHECKING:
    from datasets.models import DatasetVersion
    from training.bases import Base

RUN_FORMAT = 1


@dataclass(frozen=True)
class TrainingSettings:
    """What a person may choose. `learning_rate` is the peak of a cosine with 5 % warm-up; `input_size` is in pixels.

    `patience` is the number of evaluations without progress after which a run stops early, 0 for never. `freeze` is the
    part of the start that is kept for the first fifth of the run (`presets.FREEZES`), empty for none. `imported` is
    the digest of a kept pipeline.config, whose network, sizes and (at a `learning_rate` of 0) rate are its own; the
    architecture is then "custom". `overrides` are settings of the pipeline.config changed by hand: protobuf text by
    path (`training.overriding` checks them).
    """

    steps: int
    architecture: str = presets.ARCHITECTURE
    batch_size: int = presets.DEFAULT_BATCH_SIZE
    learning_rate: float = 0.02
    depth_multiplier: float = presets.DEFAULT_DEPTH_MULTIPLIER
    input_size: int = presets.DEFAULT_INPUT_SIZE
    augmentation: str = "default"
    horizontal_flip: bool = True
    patience: int = 0
    freeze: str = ""
    seed: int = 1
    imported: str = ""
    overrides: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuses what the engine would refuse later; UserError `bad_setting`."""
        within("The number of steps", self.steps, presets.MIN_STEPS, presets.MAX_STEPS)
        within("The batch size", self.batch_size, presets.MIN_BATCH, presets.MAX_BATCH)
        if not (self.is_custom and self.learning_rate == 0):
            within("The learning rate", self.learning_rate, 1e-6, 1.0)
        within("The seed", self.seed, 0, 2**31 - 1)
        within("The patience", self.patience, 0, presets.MAX_PATIENCE)
        one_of("The augmentation", self.augmentation, tuple(presets.AUGMENTATIONS))
        if self.freeze:
            one_of("What is kept at first", self.freeze, tuple(presets.FREEZES))
        if self.is_custom:
            return
        check_network(presets.preset_of(self.architecture), self.depth_multiplier, self.input_size)

    @classmethod
    def for_version(cls, version: DatasetVersion, base: Base | None = None, **chosen: Any) -> TrainingSettings:
        """The choices made (None means "you decide"), completed for this version and this start."""
        values = {key: value for key, value in chosen.items() if value not in (None, "")}
        values.setdefault("horizontal_flip", not has_sides(version.counts["train"]["classes"]))
        for key, value in (base.shape if base else {}).items():
            values.setdefault(key, value)
        if str(values.get("architecture", "")).startswith(PREFIX):
            values |= {"architecture": CUSTOM, "imported": values["architecture"].removeprefix(PREFIX)}
        if values.get("architecture") == CUSTOM:
            return cls.for_imported(version, values)
        preset = presets.preset_of(values.setdefault("architecture", presets.ARCHITECTURE))
        batch = values.setdefault("batch_size", preset.default_batch_size)
        within("The batch size", batch, presets.MIN_BATCH, presets.MAX_BATCH)
        values.setdefault("steps", presets.default_steps(version.counts["train"]["images"], batch))
        values.setdefault("learning_rate", preset.learning_rate_for(batch))
        values.setdefault("input_size", preset.default_input_size)
        values.setdefault("depth_multiplier", preset.default_depth_multiplier)
        return cls(**values)

    @classmethod
    def for_imported(cls, version: DatasetVersion, values: dict[str, Any]) -> TrainingSettings:
        """The same for a pipeline.config somebody brought; UserError when it is not here."""
        values["imported"] = imported(values.get("imported", "")).digest
        batch = values.setdefault("batch_size", CUSTOM_BATCH_SIZE)
        within("The batch size", batch, presets.MIN_BATCH, presets.MAX_BATCH)
        values.setdefault("steps", presets.default_steps(version.counts["train"]["images"], batch))
        values.setdefault("learning_rate", 0.0)
        return cls(**{**values, "input_size": 0, "depth_multiplier": 0.0})

    @property
    def is_custom(self) -> bool:
        """Whether the network is that of a pipeline.config somebody brought along."""
        return self.architecture == CUSTOM

    @property
    def cost(self) -> float:
        """Work of one step, as a multiple of the smallest model at its default size."""
        return presets.step_cost(self.architecture, self.depth_multiplier, self.input_size, self.batch_size)

    def run_json(self, name: str, base: dict[str, Any]) -> dict[str, Any]:
        """The engine's request (see docs of `training.engine.request`)."""
        every = presets.evaluate_every(self.steps)
        shape = {} if self.is_custom else {"depth_multiplier": self.depth_multiplier, "input_size": self.input_size}
        return {
            "format": RUN_FORMAT,
            "name": name,
            "seed": self.seed,
            **({"imported": self.imported} if self.imported else {}),
            "model": {"architecture": self.architecture, **shape},
            "train": {
                "steps": self.steps,
                "batch_size": self.batch_size,
                **({"learning_rate": self.learning_rate} if self.learning_rate else {}),
                "warmup_steps": presets.warmup_steps(self.steps),
                "augmentation": self.augmentation,
                "horizontal_flip": self.horizontal_flip,
                "gradient_clip": presets.GRADIENT_CLIP,
                "evaluate_every": every,
                "checkpoint_every": every,
                "log_every": presets.log_every(self.steps),
                **({"patience": self.patience} if self.patience else {}),
                **self.frozen(),
            },
            "base": base,
            **({"overrides": self.overrides} if self.overrides else {}),
        }

    def frozen(self) -> dict[str, Any]:
        """What the engine is told to keep, and until when."""
        until = presets.thaw_step(self.steps)
        return {"freeze": [self.freeze], "freeze_until_step": until} if self.freeze else {}


def chosen_in(config: dict[str, Any]) -> dict[str, Any]:
    """The choices a stored run.json was made from: `TrainingSettings(**chosen_in(run.config))`."""
    train, model = config.get("train", {}), config.get("model", {})
    keys = ("steps", "batch_size", "learning_rate", "augmentation", "horizontal_flip", "patience")
    values = {key: train[key] for key in keys if key in train}
    values |= {key: model[key] for key in ("architecture", "depth_multiplier", "input_size") if key in model}
    values |= {"freeze": train["freeze"][0]} if train.get("freeze") else {}
    if "imported" in config:  # what is not in run.json is the config's own
        values = {"learning_rate": 0.0, "depth_multiplier": 0.0, "input_size": 0, **values}
    return values | {key: config[key] for key in ("seed", "imported", "overrides") if key in config}


def check_network(preset: Preset, depth_multiplier: float, input_size: int) -> None:
    """Whether this detector exists at this width and input."""
    if preset.depth_multipliers:
        within("The depth multiplier", depth_multiplier, *preset.depth_multipliers)
    elif depth_multiplier != preset.default_depth_multiplier:
        raise UserError("bad_setting", f"{preset.title} has one width only; the depth multiplier must be 1.", 422)
    within("The input size", input_size, *preset.input_sizes)
    if input_size % preset.input_stride:
        raise UserError(
            "bad_setting",
            f"The input size is {input_size}; for {preset.title} it must be a multiple of {preset.input_stride}.",
            422,
        )


def within(what: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise UserError("bad_setting", f"{what} is {value:g}; it must be from {low:g} to {high:,g}.", 422)


def one_of(what: str, value: Any, choices: tuple[Any, ...]) -> None:
    if value not in choices:
        words = ", ".join(str(choice) for choice in choices)
        raise UserError("bad_setting", f"{what} is {value}; it must be one of {words}.", 422)
