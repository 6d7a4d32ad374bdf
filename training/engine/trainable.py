"""Which of a model's variables are trained. The API's own TensorFlow 2 loop trains all of them, whatever was asked.

Needs `compat.apply()` first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import tensorflow as tf

from training.engine.errors import EngineError

HEADS = "all_but_heads"
#: Attributes of the API's models that hold each group; a model has those of its own family.
GROUPS: dict[str, tuple[str, ...]] = {
    "backbone": (
        "_feature_extractor.classification_backbone",
        "_feature_extractor_for_proposal_features",
    ),
    "backbone_and_pyramid": (
        "_feature_extractor",
        "_feature_extractor_for_proposal_features",
    ),
    HEADS: (
        "_box_predictor",
        "_first_stage_box_predictor",
        "_mask_rcnn_box_predictor",
        "_prediction_head_dict",
    ),
}


def select(model: Any, frozen_names: Sequence[str], frozen_batch_norm: bool) -> list[tf.Variable]:
    """The variables to train; tells every batch normalisation whether to learn its mean and variance from the images.

    Those of a layer whose weights are frozen stay the base's too: they would drift away from the weights they belong
    to. `frozen_batch_norm` keeps those of all layers. Call it before the step is traced; the last call counts. Raises
    `EngineError` for a name that nothing in the model has.
    """
    normalisations = [layer for layer in model.submodules if hasattr(layer, "moving_mean")]
    for layer in normalisations:
        learn_from_images(layer, True)
    variables = list(model.trainable_variables)
    frozen = {reference for name in frozen_names for reference in frozen_by(model, variables, name)}
    for layer in normalisations:
        own = {variable.ref() for variable in (layer.gamma, layer.beta) if variable is not None}
        learn_from_images(layer, not (frozen_batch_norm or (own and own <= frozen)))
    return [variable for variable in variables if variable.ref() not in frozen]


def learn_from_images(layer: Any, wanted: bool) -> None:
    """Lets a batch normalisation follow its images, unless the config forbids it, or keeps its mean and variance.

    `trainable` does that for Keras' own layer. The API's freezable one is made from that of TensorFlow 1, which looks
    at its argument `training` only.
    """
    layer.trainable = wanted
    if hasattr(layer, "_training"):
        configured = vars(layer).setdefault("_configured_training", layer._training)
        layer._training = configured if wanted else False


def frozen_by(model: Any, variables: list[tf.Variable], name: str) -> set[Any]:
    """References of the variables that a group or a regular expression stands for."""
    if name in GROUPS:
        members = {variable.ref() for part in parts(model, GROUPS[name]) for variable in flat_variables(part)}
        inside = {variable.ref() for variable in variables if variable.ref() in members}
        found = {variable.ref() for variable in variables} - inside if name == HEADS and inside else inside
    else:
        found = {variable.ref() for variable in variables if re.match(name, variable.name)}
    if not found:
        raise nothing_to_freeze(name, variables)
    return found


def known_and_unknown(model: Any, patterns: Sequence[str]) -> tuple[list[str], list[str]]:
    """The patterns that match a variable, and the others: a config may have been written for TensorFlow 1's names."""
    names = [variable.name for variable in model.trainable_variables]
    known = [pattern for pattern in patterns if any(re.match(pattern, name) for name in names)]
    return known, [pattern for pattern in patterns if pattern not in known]


def nothing_to_freeze(name: str, variables: list[tf.Variable]) -> EngineError:
    examples = ", ".join(sorted(variable.name for variable in variables)[:3])
    return EngineError(
        "bad_request",
        f"No variable of this model is called {name!r}, so it cannot be frozen; choose one of {', '.join(GROUPS)} or "
        f"the start of a name like those of this model: {examples}.",
    )


def parts(model: Any, paths: Iterable[str]) -> list[Any]:
    """What the dotted paths lead to, as far as they exist."""
    found = []
    for path in paths:
        part = model
        for attribute in path.split("."):
            part = getattr(part, attribute, None)
        if part is not None:
            found.append(part)
    return found


def flat_variables(part: Any) -> list[tf.Variable]:
    """Variables of a module, or of the modules in lists and dictionaries."""
    if isinstance(part, dict):
        return [variable for item in part.values() for variable in flat_variables(item)]
    if isinstance(part, list | tuple):
        return [variable for item in part for variable in flat_variables(item)]
    return list(part.variables) if hasattr(part, "variables") else []
