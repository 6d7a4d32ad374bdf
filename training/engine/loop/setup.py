"""How a loop is to go about it, beyond what the request says for every machine."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import psutil
import tensorflow as tf

from training.engine.dataset import ImageEntry
from training.engine.request import TrainRequest

MOST_KEPT = 2 * 2**30  # bytes of decoded images
FAIR_PART = 8  # of the free memory one eighth: the model, its gradients and the site want theirs

UNFROZEN_RATE = 0.1  # part of the learning rate with which all variables go on after some were frozen


@dataclass(frozen=True)
class Setup:
    """`rate_scale` multiplies the learning rate of the pipeline; `strategy` shares the batch among devices.

    `keep_images`: the decoded training images fit in memory, so they are decoded once.
    """

    seed: int = 1
    deterministic: bool = True
    frozen_batch_norm: bool = False
    rate_scale: float = 1.0
    keep_images: bool = False
    strategy: tf.distribute.Strategy = field(default_factory=tf.distribute.get_strategy)

    @staticmethod
    def can_keep(images: Iterable[ImageEntry]) -> bool:
        """Whether the pixels of these images take a fair part of the memory that is free."""
        pixels = sum(3 * image.width * image.height for image in images)
        return pixels <= min(MOST_KEPT, psutil.virtual_memory().available // FAIR_PART)


def thawed(request: TrainRequest, step: int) -> bool:
    """Whether what was frozen only for a while is trained at this step."""
    until = request.freeze_until_step
    return bool(request.freeze) and until is not None and step >= until
