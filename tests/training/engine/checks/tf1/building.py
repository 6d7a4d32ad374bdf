"""What the graphs of TensorFlow 1's way are made of."""

from __future__ import annotations

import math
from typing import Any

from tests.training.engine.checks.registry import check


@check
def averages_of_two_stage_networks_follow_short_runs() -> None:
    from nets import resnet_utils
    from object_detection.models import faster_rcnn_inception_v2_feature_extractor as inception

    from training.engine.tf1.batch_norm import averages_over

    assert [decay_of(resnet_utils.resnet_arg_scope()), decay_of(inception_scope(inception))] == [0.997, 0.9997]
    with averages_over(400):
        assert math.isclose(decay_of(resnet_utils.resnet_arg_scope()), 0.95)
        assert math.isclose(decay_of(inception_scope(inception)), 0.95)
    with averages_over(1_000_000):
        assert [decay_of(resnet_utils.resnet_arg_scope()), decay_of(inception_scope(inception))] == [0.997, 0.9997]
    assert decay_of(resnet_utils.resnet_arg_scope()) == 0.997


def inception_scope(module: Any) -> Any:
    import tf_slim

    with module._batch_norm_arg_scope([tf_slim.conv2d]) as scope:
        return scope


def decay_of(scope: Any) -> float:
    """The decay that a scope of tf_slim gives to batch normalisation, directly or through its convolutions."""
    found = [values.get("decay", values.get("normalizer_params", {}).get("decay")) for values in scope.values()]
    return next(value for value in found if value is not None)


@check
def every_detector_of_2017_is_described_as_published() -> None:
    from object_detection.protos import pipeline_pb2

    from training.engine.architectures.model import fill_model
    from training.engine.architectures.presets import PRESETS
    from training.engine.request import ModelRequest

    names = [name for name, one in PRESETS.items() if one.path == "tf1"]
    assert len(names) == 6
    for name in names:
        pipeline = pipeline_pb2.TrainEvalPipelineConfig()
        fill_model(pipeline.model, ModelRequest(architecture=name), 3, steps=1000)
        family = getattr(pipeline.model, pipeline.model.WhichOneof("model"))
        assert pipeline.IsInitialized() and family.num_classes == 3
        assert family.feature_extractor.type == name
        if name.startswith("ssd"):
            assert family.image_resizer.fixed_shape_resizer.width == 300
            assert family.feature_extractor.override_base_feature_extractor_hyperparams
            assert math.isclose(family.feature_extractor.conv_hyperparams.batch_norm.decay, 0.98, rel_tol=1e-6)
            kernel = family.box_predictor.convolutional_box_predictor.kernel_size
            assert kernel == (3 if name == "ssd_inception_v2" else 1)
        else:
            # The zoo's second stage has a box for each class.
            assert not family.second_stage_box_predictor.mask_rcnn_box_predictor.share_box_across_classes
