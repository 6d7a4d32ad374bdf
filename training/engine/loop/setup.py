"""How a loop is to go about it, beyond what the request says for every machine."""

from __future__ import annotations

from dataclasses import dataclass, field

import tensorflow as tf

from training.engine.request import TrainRequest

UNFROZEN_RATE = 0.1  # part of the learning rate with which all variables go on after some were frozen


@dataclass(frozen=True)
class Setup:
    """`rate_scale` multiplies the learning rate of the pipeline; `strategy` shares the batch among devices."""

    seed: int = 1
    deterministic: bool = True
    frozen_batch_norm: bool = False
    rate_scale: float = 1.0
    strategy: tf.distribute.Strategy = field(default_factory=tf.distribute.get_strategy)


def thawed(request: TrainRequest, step: int) -> bool:
    """Whether what was frozen only for a while is trained at this step."""
    until = request.freeze_until_step
    return bool(request.freeze) and until is not None and step >= until
