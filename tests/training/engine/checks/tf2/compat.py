"""Each check here fails when the patch of its name is taken out."""

from __future__ import annotations

import math

import numpy as np

from tests.training.engine.checks.registry import check, dataset_json
from training.engine.dataset import Dataset


@check
def legacy_keras() -> None:
    import tensorflow as tf

    assert tf.keras.layers.Layer.__module__.startswith("tf_keras.")


@check
def protobuf_modules() -> None:
    from google.protobuf import text_format
    from google.protobuf.internal import api_implementation
    from object_detection.protos import pipeline_pb2

    pipeline = text_format.Parse("model { ssd { num_classes: 3 } }", pipeline_pb2.TrainEvalPipelineConfig())
    assert pipeline_pb2.TrainEvalPipelineConfig.FromString(pipeline.SerializeToString()).model.ssd.num_classes == 3
    assert api_implementation.Type() == "upb"


@check
def absent_packages() -> None:
    from lvis import eval as lvis_eval
    from object_detection.meta_architectures import deepmac_meta_arch  # noqa: F401
    from object_detection.metrics import lvis_evaluation  # noqa: F401

    try:
        lvis_eval.LVISEval()
    except ModuleNotFoundError as error:
        assert "lvis.LVISEval" in str(error)
    else:
        raise AssertionError("the stand-in let itself be used")


@check
def numpy_aliases() -> None:
    from object_detection.utils import metrics

    precision, recall = metrics.compute_precision_recall(np.array([0.9, 0.1]), np.array([True, False]), 2)
    assert (precision.tolist(), recall.tolist()) == ([1.0, 0.5], [0.5, 0.5])
    assert math.isnan(metrics.compute_average_precision(None, None))


@check
def pillow_getsize() -> None:
    from object_detection.utils import visualization_utils

    image = np.zeros((80, 120, 3), np.uint8)
    visualization_utils.draw_bounding_box_on_image_array(image, 0.5, 0.2, 0.9, 0.8, display_str_list=["Ball: 90%"])
    assert image.any()


@check
def category_stats() -> None:
    from training.engine.evaluation import Found, measure

    classes = {1: "a", 2: "b", 3: "absent"}
    images = [{**item, "split": "train"} for item in dataset_json()["images"]]
    dataset = Dataset.from_json({"classes": [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}], **with_val(images)})
    truth = dataset.split("val")
    found = [
        Found(image.id, np.array([[b.ymin, b.xmin, b.ymax, b.xmax] for b in image.boxes]), np.ones(1), np.ones(1, int))
        for image in truth
    ]
    figures = measure(classes, truth, found)
    # Every box is found, but all are called class 1: right for a, wrong for b.
    assert figures.per_class["b"] == {"ap": 0.0, "ap50": 0.0}
    assert figures.per_class["a"]["ap50"] == figures.per_class["a"]["ap"] > 0
    assert figures.per_class["absent"] == {"ap": None, "ap50": None}
    assert math.isclose(figures.ap, figures.per_class["a"]["ap"] / 2)


@check
def estimator_names() -> None:
    from object_detection import inputs, model_lib  # noqa: F401


@check
def control_flow_names() -> None:
    import tensorflow as tf
    from object_detection.data_decoders.tf_example_decoder import TfExampleDecoder

    from training.engine import records

    image = Dataset.from_json(dataset_json()).images[1]
    example = records.example(image, {1: "Ball", 2: "Box"})
    fields = TfExampleDecoder().decode(tf.constant(example.SerializeToString()))
    assert fields["source_id"].numpy() == b"11"
    assert fields["filename"].numpy() == b"photo 1.png"
    assert fields["image"].shape == (image.height, image.width, 3)
    wanted = [10 / image.height, 21 / image.width, 70 / image.height, 81 / image.width]
    assert np.allclose(fields["groundtruth_boxes"].numpy(), [wanted])
    assert fields["groundtruth_classes"].numpy().tolist() == [2]


@check
def keras_resnet() -> None:
    from object_detection.models.keras_models import resnet_v1

    assert resnet_v1.resnet_v1_18(weights=None, include_top=False).count_params() > 1e6


@check
def centernet_mobilenet() -> None:
    from object_detection.models import center_net_mobilenet_v2_feature_extractor as module

    network = module.mobilenetv2.mobilenet_v2(
        batchnorm_training=True, alpha=0.35, input_shape=(None, None, 3), weights="imagenet", include_top=False
    )
    assert network.count_params() > 1e5


@check
def multilevel_crop() -> None:
    """A graph for any number of images, and every box out of the image of its own level."""
    import tensorflow as tf
    from object_detection.utils import spatial_transform_ops as ops

    images = [np.full((2, 8, 8, 3), value, np.float32) for value in (1, 2)]
    boxes, levels = np.full((2, 3, 4), [0, 0, 1, 1], np.float32), np.array([[0, 1, 0], [1, 1, 0]], np.int32)
    specs = [tf.TensorSpec([None, 8, 8, 3])] * 2, tf.TensorSpec([None, 3, 4]), tf.TensorSpec([None, 3], tf.int32)
    crop = tf.function(
        lambda images, boxes, levels: ops.multilevel_native_crop_and_resize(images, boxes, levels, [2, 2]),
        input_signature=specs,
    )
    found = crop(images, boxes, levels).numpy()
    assert found.shape == (2, 3, 2, 2, 3)
    assert (found == levels[:, :, None, None, None] + 1).all()


def with_val(images: list[dict]) -> dict:
    return {"images": images[:3] + [{**image, "split": "val"} for image in images[3:]]}
