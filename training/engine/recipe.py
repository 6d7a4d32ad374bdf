"""What a run does when run.json does not say: defaults that follow from the detector and the data. Plain Python.

The rules are for a hundred to a few thousand images; where they come from is told beside each of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from training.engine.architectures.presets import CUSTOM, PRESETS
from training.engine.dataset import Dataset
from training.engine.fields import LARGEST

#: 150 passes over the images, as long as that is neither too short to converge nor longer than anybody waits.
PASSES, MIN_STEPS, MAX_STEPS = 150, 1000, 20_000
#: A mirrored image of something with a side would be labelled wrongly.
SIDES = {"left", "right", "links", "rechts", "gauche", "droite"}
CUSTOM_BATCH_SIZE = 4


def complete(value: Any, dataset: Dataset) -> Any:
    """The content of run.json with the settings of `train` that it leaves out; what it says is kept.

    Anything that is not as it should be is handed through: checking it is the request's affair.
    """
    if not isinstance(value, dict) or not isinstance(value.get("train", {}), dict):
        return value
    given = value.get("train", {})
    model = value.get("model")
    name = model.get("architecture") if isinstance(model, dict) else None
    return {**value, "train": {**defaults(name, given, dataset), **given}}


def defaults(architecture: Any, given: dict[str, Any], dataset: Dataset) -> dict[str, Any]:
    """Defaults for a detector; each follows from those before it, or from what was given in their place."""
    if architecture and not isinstance(architecture, str):
        return {}
    chosen = PRESETS.get(architecture) if architecture else next(iter(PRESETS.values()))
    if chosen is None and architecture != CUSTOM:
        return {}
    batch = given.get("batch_size", chosen.default_batch_size if chosen else CUSTOM_BATCH_SIZE)
    if not is_count(batch):
        return {}
    count = given.get("steps", steps(len(dataset.split("train")), batch))
    if not is_count(count):
        return {}
    every = evaluate_every(count)
    found = {
        "batch_size": batch,
        "steps": count,
        "warmup_steps": warmup_steps(count),
        "evaluate_every": every,
        "checkpoint_every": given.get("evaluate_every", every),
        "horizontal_flip": not has_sides(dataset.classes.values()),
    }
    return found | ({"learning_rate": chosen.learning_rate_for(batch)} if chosen else {})


def is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= LARGEST


def steps(train_images: int, batch_size: int) -> int:
    """Steps for so many training images."""
    return min(max(PASSES * train_images // batch_size, MIN_STEPS), MAX_STEPS)


def warmup_steps(steps: int) -> int:
    """A twentieth of the run, at least 50 and at most 1,000 steps where the run is long enough for that."""
    return min(1000, max(steps // 20, min(50, steps // 10)))


def evaluate_every(steps: int) -> int:
    """Twenty evaluations a run, none closer than 50 steps, one at the end at least."""
    return min(steps, max(50, steps // 20))


def has_sides(names: Iterable[str]) -> bool:
    """Whether a class is told from another by its side, as in "left hand"."""
    return any(SIDES & set(re.split(r"[\W_]+", name.lower())) for name in names)
