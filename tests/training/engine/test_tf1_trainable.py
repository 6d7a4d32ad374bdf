"""Which variables are trained, by the names they have in TensorFlow 1."""

from types import SimpleNamespace

import pytest

from training.engine.errors import EngineError
from training.engine.tf1.trainable import select, updates

NAMES = (
    "FeatureExtractor/MobilenetV1/Conv2d_1_pointwise/weights",
    "FeatureExtractor/MobilenetV1/Conv2d_13_pointwise_1_Conv2d_2_1x1_256/weights",
    "BoxPredictor_0/ClassPredictor/weights",
)
STAGES = (
    "FirstStageFeatureExtractor/resnet_v1_50/conv1/weights",
    "SecondStageFeatureExtractor/resnet_v1_50/block4/weights",
    "FirstStageBoxPredictor/ClassPredictor/weights",
    "SecondStageBoxPredictor/ClassPredictor/weights",
)


def left(names, frozen=(), **lists) -> list[int]:
    """Places of the variables that are still trained."""
    config = SimpleNamespace(**{"freeze_variables": [], "update_trainable_variables": [], **lists})
    variables = [SimpleNamespace(op=SimpleNamespace(name=name)) for name in names]
    kept = select(variables, config, frozen)
    return [names.index(variable.op.name) for variable in kept]


@pytest.mark.parametrize(
    ("frozen", "single", "double"),
    [
        ((), [0, 1, 2], [0, 1, 2, 3]),
        (("backbone",), [1, 2], [2, 3]),
        (("backbone_and_pyramid",), [2], [2, 3]),
        (("all_but_heads",), [2], [2, 3]),
    ],
)
def test_groups(frozen, single, double):
    assert left(NAMES, frozen) == single
    assert left(STAGES, frozen) == double


def test_lists_of_a_config():
    assert left(NAMES, freeze_variables=["FeatureExtractor"]) == [2]
    assert left(NAMES, update_trainable_variables=["FeatureExtractor"]) == [0, 1]


def test_names_that_nothing_has_and_nothing_left():
    with pytest.raises(EngineError, match="BoxPredictor_0/ClassPredictor/weights"):
        left(NAMES, ("Mixed_5",))
    with pytest.raises(EngineError, match="Every variable"):
        left(NAMES, (".*",))


def test_averages_of_frozen_layers_stay():
    operations = [SimpleNamespace(name=f"{name}/BatchNorm/AssignMovingAvg") for name in NAMES]
    assert updates(operations, ("backbone",)) == operations[1:]
