"""Optimizer and learning rate of an imported config, fitted to another batch and length. Needs `compat.apply()`."""

from __future__ import annotations

from typing import Any

from training.engine.config_import.changes import Changes
from training.engine.request import TrainRequest

WHERE = "train_config.optimizer"
#: Fields that are learning rates, and those that are numbers of steps, in whichever schedule has them.
RATES = (
    "learning_rate",
    "initial_learning_rate",
    "learning_rate_base",
    "warmup_learning_rate",
    "burnin_learning_rate",
    "min_learning_rate",
)
STEPS = ("decay_steps", "burnin_steps", "hold_base_rate_steps")


def fit_schedule(optimizer: Any, batch: int, steps: int, train: TrainRequest, changes: Changes) -> None:
    """Fits rates and lengths. `batch` is the published batch size; 0 lets the request's learning rate be the peak.

    `steps` is the published length, 0 when it had none.
    """
    if optimizer.use_moving_average:
        reason = "Evaluation and exports use the weights themselves, so an average of them would only cost time."
        changes.set(optimizer, "use_moving_average", False, WHERE, reason)
    kind = optimizer.WhichOneof("optimizer")
    if kind is None:
        optimizer.momentum_optimizer.SetInParent()
        kind = "momentum_optimizer"
        changes.note(WHERE, "", kind, "The config names no optimizer; this is the usual one.")
    rate = getattr(optimizer, kind).learning_rate
    schedule = rate.WhichOneof("learning_rate")
    if schedule is None:
        fill_cosine(rate, train, changes)
        return
    inside = f"{WHERE}.{kind}.{schedule}"
    message = getattr(rate, schedule)
    scale_rates(message, rate_factor(message, kind, batch, train), inside, reason_of(batch, train), changes)
    fit_steps(message, schedule, steps, train, inside, changes)


def rate_factor(message: Any, kind: str, batch: int, train: TrainRequest) -> float:
    """By what the rates are multiplied: the ratio of the batches (its root for Adam), or what makes the peak fit."""
    if batch:
        ratio = train.batch_size / batch
        return float(ratio**0.5 if kind == "adam_optimizer" else ratio)
    return train.learning_rate / peak(message)


def peak(message: Any) -> float:
    """The largest learning rate of a schedule, never 0."""
    rates = [getattr(message, name) for name in RATES if name in message.DESCRIPTOR.fields_by_name]
    rates += [one.learning_rate for one in getattr(message, "schedule", [])]
    return max(rates) or 1.0


def reason_of(batch: int, train: TrainRequest) -> str:
    if batch:
        return f"Published for batches of {batch}; scaled to batches of {train.batch_size}."
    return "The learning rate chosen for the run is the peak of the schedule."


def scale_rates(message: Any, factor: float, inside: str, reason: str, changes: Changes) -> None:
    for name in RATES:
        if name in message.DESCRIPTOR.fields_by_name and getattr(message, name):
            changes.set(message, name, rounded(getattr(message, name) * factor), inside, reason)
    for one in getattr(message, "schedule", []):
        changes.set(one, "learning_rate", rounded(one.learning_rate * factor), f"{inside}.schedule", reason)


def fit_steps(message: Any, schedule: str, steps: int, train: TrainRequest, inside: str, changes: Changes) -> None:
    """A cosine ends with the run; in the other schedules the steps keep their place in it."""
    if schedule == "cosine_decay_learning_rate":
        fit_cosine(message, steps, train, inside, changes)
        return
    factor = train.steps / steps if steps else 1.0
    reason = f"The run has {train.steps} steps where the config had {steps}."
    for name in STEPS:
        if factor != 1.0 and name in message.DESCRIPTOR.fields_by_name and getattr(message, name):
            changes.set(message, name, max(1, round(getattr(message, name) * factor)), inside, reason)
    least = 0
    for one in getattr(message, "schedule", []):
        least = max(least + 1, round(one.step * factor))  # the library wants them to grow
        changes.set(one, "step", least, f"{inside}.schedule", reason)


def fit_cosine(message: Any, steps: int, train: TrainRequest, inside: str, changes: Changes) -> None:
    reason = "The cosine ends where the run ends."
    changes.set(message, "total_steps", train.steps, inside, reason)
    changes.set(message, "warmup_steps", train.warmup, inside, "The warm-up of the run; it must be shorter than that.")
    if message.hold_base_rate_steps:
        held = round(message.hold_base_rate_steps * train.steps / steps) if steps else 0
        changes.set(message, "hold_base_rate_steps", min(held, train.steps - train.warmup), inside, reason)


def fill_cosine(rate: Any, train: TrainRequest, changes: Changes) -> None:
    cosine = rate.cosine_decay_learning_rate
    cosine.learning_rate_base, cosine.warmup_learning_rate = train.learning_rate, train.learning_rate / 4
    cosine.total_steps, cosine.warmup_steps = train.steps, train.warmup
    changes.note(f"{WHERE}.learning_rate", "", cosine, "The config names no learning rate.")


def rounded(value: float) -> float:
    return float(f"{value:.4g}")
