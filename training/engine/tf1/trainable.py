"""Which variables of a model are trained, by the names they have in TensorFlow 1. Plain Python."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from training.engine.errors import EngineError

EXTRA_LAYER = r"_[12]_Conv2d_\d"  # in the names of the layers an SSD puts behind its network
#: Regular expressions for the groups of `training.engine.trainable`.
GROUPS = {
    "backbone": rf"(First|Second)StageFeatureExtractor/|FeatureExtractor/(?!.*{EXTRA_LAYER})",
    "backbone_and_pyramid": r"((First|Second)Stage)?FeatureExtractor/",
    "all_but_heads": r"(?!((First|Second)Stage)?BoxPredictor)",
}


def select(variables: Sequence[Any], config: Any, frozen: Sequence[str]) -> list[Any]:
    """The variables left to train by a request's `freeze` and by the two lists a train_config has for that.

    Raises `EngineError` for a name that no variable has, and when nothing is left.
    """
    for name in frozen:
        if not any(is_frozen(variable.op.name, [name]) for variable in variables):
            raise nothing_to_freeze(name, variables)
    kept = [variable for variable in variables if not is_frozen(variable.op.name, [*frozen, *config.freeze_variables])]
    if config.update_trainable_variables:
        kept = [variable for variable in kept if is_frozen(variable.op.name, config.update_trainable_variables)]
    if not kept:
        raise EngineError("bad_request", "Every variable of the model is frozen; freeze less, or nothing is learnt.")
    return kept


def updates(operations: Sequence[Any], frozen: Sequence[str]) -> list[Any]:
    """The updates of moving means and variances, without those of frozen layers: they belong to the base's weights."""
    return [operation for operation in operations if not is_frozen(operation.name, frozen)]


def is_frozen(name: str, frozen: Iterable[str]) -> bool:
    return any(re.match(GROUPS.get(one, one), name) for one in frozen)


def nothing_to_freeze(name: str, variables: Sequence[Any]) -> EngineError:
    examples = ", ".join(sorted(variable.op.name for variable in variables)[:3])
    return EngineError(
        "bad_request",
        f"No variable of this model is called {name!r}, so it cannot be frozen; choose one of {', '.join(GROUPS)} or "
        f"the start of a name like those of this model: {examples}.",
    )
