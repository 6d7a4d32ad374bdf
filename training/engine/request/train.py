"""How a run is to train."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from training.engine.request.checks import check_range, refuse

AUGMENTATIONS = ("default", "flip", "none")


@dataclass(frozen=True)
class TrainRequest:
    """How to train it. `warmup_steps` None means 5 % of the steps; `gradient_clip` 0 switches clipping off.

    `augmentation_options` replaces `augmentation` by steps of the API's own preprocessor with their values:
    `[{"random_crop_image": {"min_area": 0.75}}]`.
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
