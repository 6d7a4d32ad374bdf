"""How a run is to train."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from training.engine.request.checks import check_range, refuse

AUGMENTATIONS = ("default", "flip", "none")
PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")


@dataclass(frozen=True)
class TrainRequest:
    """How to train it. `warmup_steps` None means 5 % of the steps; `gradient_clip` 0 switches clipping off.

    `augmentation_options` replaces `augmentation` by steps of the API's own preprocessor with their values:
    `[{"random_crop_image": {"min_area": 0.75}}]`.

    `patience`: stop after so many evaluations without `min_delta` more AP than before, 0 for never; those of the first
    30 % of the steps do not count. Off by default: a cosine schedule has its best steps at its end.
    `freeze`: groups of variables ("backbone", "backbone_and_pyramid", "all_but_heads") or regular expressions from the
    start of a variable's name, whose weights stay as the base has them, up to `freeze_until_step` if that is given;
    from there on everything is trained, at a tenth of the learning rate.
    `freeze_batch_norm` None: only for batches of less than 4 that start from a detector.
    `precision` None: what the GPU is quick at, float32 without one.
    `deterministic` None: the same losses bit by bit for the same seed, except on a GPU.
    """

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
    augmentation_options: list[dict[str, Any]] | None = None
    patience: int | None = None
    min_delta: float = 0.002
    freeze: tuple[str, ...] = ()
    freeze_until_step: int | None = None
    freeze_batch_norm: bool | None = None
    precision: str | None = None
    deterministic: bool | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "freeze", names("train.freeze", self.freeze))
        check_range("train.patience", self.patience or 0, 0, 1000, whole=True)
        check_range("train.min_delta", self.min_delta, 0.0, 1.0)
        if self.freeze_until_step is not None:
            check_range("train.freeze_until_step", self.freeze_until_step, 1, 1_000_000, whole=True)
        for name in ("freeze_batch_norm", "deterministic"):
            if getattr(self, name) not in (True, False, None):
                raise refuse(f"train.{name} must be true, false or null.")
        if self.precision not in (*PRECISIONS, None):
            raise refuse(f"Unknown train.precision {self.precision!r}; it must be one of {', '.join(PRECISIONS)}.")
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
        check_options(self.augmentation_options)
        if self.warmup_steps is not None:
            check_range("train.warmup_steps", self.warmup_steps, 0, self.steps - 1, whole=True)

    @property
    def warmup(self) -> int:
        """Steps of linear warm-up, with the default worked out; always fewer than `steps`."""
        return self.steps // 20 if self.warmup_steps is None else self.warmup_steps


def check_options(options: Any) -> None:
    if options is None:
        return
    well_formed = isinstance(options, list) and all(
        isinstance(option, dict) and len(option) == 1 and isinstance(next(iter(option.values())), dict)
        for option in options
    )
    if not well_formed:
        raise refuse('train.augmentation_options must be a list like [{"random_crop_image": {"min_area": 0.75}}].')


def names(setting: str, value: Any) -> tuple[str, ...]:
    """A list of regular expressions or plain names, as a tuple."""
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) and item for item in value):
        raise refuse(f'{setting} must be a list of names, such as ["backbone"].')
    for item in value:
        try:
            re.compile(item)
        except re.error as error:
            raise refuse(f"{setting} holds {item!r}, which is not a regular expression: {error}.") from error
    return tuple(value)
