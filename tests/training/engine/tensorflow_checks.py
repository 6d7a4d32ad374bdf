"""Checks that need TensorFlow; run as a program so that the test process never imports it.

Prints one JSON object: the name of each check to "ok" or to its traceback. `test_tensorflow.py` reports them.
Each compat check fails when its patch is taken out of `compat.PATCHES`: give the name as the first argument.
"""

from __future__ import annotations

import json
import math
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tests.training.engine.builders import make_dataset, make_request, make_run
from training.engine import compat
from training.engine.dataset import Dataset
from training.engine.errors import EngineError
from training.engine.request import RunRequest
from training.engine.rundir import RunDirectory

CHECKS: dict[str, Callable[[], None]] = {}


def check(function: Callable[[], None]) -> Callable[[], None]:
    CHECKS[function.__name__] = function
    return function


def refusal(function: Callable[[], object]) -> str:
    try:
        function()
    except EngineError as error:
        return error.code
    raise AssertionError("nothing was refused")


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


def dataset_json() -> dict:
    return make_dataset(Path(tempfile.mkdtemp(dir=FOLDER)))


def with_val(images: list[dict]) -> dict:
    return {"images": images[:3] + [{**image, "split": "val"} for image in images[3:]]}


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
def label_map_is_read_back_by_the_api() -> None:
    from object_detection.utils import label_map_util

    from training.engine.records import label_map_text

    path = FOLDER / "label_map.pbtxt"
    path.write_text(label_map_text({1: "Ball", 2: 'Zoë "box"'}), encoding="utf-8")
    assert label_map_util.get_label_map_dict(str(path)) == {"Ball": 1, 'Zoë "box"': 2}


@check
def records_are_whole_or_absent() -> None:
    from training.engine import records

    dataset = dataset_json()
    Path(dataset["images"][5]["path"]).unlink()
    run = RunDirectory(FOLDER / "broken")
    assert refusal(lambda: records.write_all(run, Dataset.from_json(dataset), lambda: None)) == "image_missing"
    assert not records.complete(run)
    assert not list(run.root.glob("*.part"))
    assert not run.record("val").exists()


@check
def an_image_without_boxes_is_read_like_any_other() -> None:
    """The decoder refuses an empty list of another type, so one negative used to stop a whole run."""
    from object_detection.data_decoders.tf_example_decoder import TfExampleDecoder

    from training.engine import records

    content = dataset_json()
    content["images"][0]["boxes"] = []
    dataset = Dataset.from_json(content)
    found = [
        TfExampleDecoder().decode(records.example(image, dataset.classes).SerializeToString())
        for image in dataset.images[:2]
    ]
    assert [list(item["groundtruth_boxes"].shape) for item in found] == [[0, 4], [len(dataset.images[1].boxes), 4]]


@check
def short_runs_forget_their_starting_averages() -> None:
    from training.engine.architectures import batch_norm_decay

    assert [batch_norm_decay(steps) for steps in (0, 20, 1000, 100_000)] == [0.9, 0.9, 0.98, 0.997]
    for steps in (200, 600, 1000, 3000):
        assert batch_norm_decay(steps) ** steps < 1e-3


@check
def pipeline_config_says_what_was_asked() -> None:
    from training.engine import pipeline_config, records

    run = RunDirectory(make_run(FOLDER / "config"))
    settings = {"steps": 500, "gradient_clip": 5.0, "horizontal_flip": False}
    request = RunRequest.from_json(make_request(**settings))
    dataset = Dataset.load(run.dataset)
    records.write_all(run, dataset, lambda: None)
    pipeline_config.write(run, pipeline_config.build(run, request, dataset))
    pipeline = pipeline_config.read(run)
    ssd, train = pipeline.model.ssd, pipeline.train_config
    assert (ssd.num_classes, ssd.image_resizer.fixed_shape_resizer.width) == (2, 96)
    assert (ssd.feature_extractor.min_depth, round(ssd.feature_extractor.depth_multiplier, 3)) == (8, 0.1)
    cosine = train.optimizer.momentum_optimizer.learning_rate.cosine_decay_learning_rate
    assert (cosine.total_steps, cosine.warmup_steps, train.num_steps) == (500, 25, 500)
    assert train.gradient_clipping_by_norm == 5.0
    kinds = [option.WhichOneof("preprocessing_step") for option in train.data_augmentation_options]
    assert "ssd_random_crop" in kinds and "random_horizontal_flip" not in kinds
    assert pipeline.train_input_reader.shuffle_buffer_size == 4
    assert math.isclose(ssd.feature_extractor.conv_hyperparams.batch_norm.decay, 0.96, rel_tol=1e-6)


@check
def crowded_images_raise_the_limit_of_boxes() -> None:
    from training.engine import pipeline_config, records

    dataset = dataset_json()
    dataset["images"][0]["boxes"] *= 130
    run = RunDirectory(FOLDER / "crowd")
    records.write_all(run, Dataset.from_json(dataset), lambda: None)
    pipeline = pipeline_config.build(run, RunRequest(), Dataset.from_json(dataset))
    assert pipeline.train_config.max_number_of_boxes == 130


@check
def class_weights_follow_the_names() -> None:
    from training.engine.restore import moved_by_name

    old, new = ["a", "b"], ["c", "b", "a"]
    stored = np.arange(2 * 3, dtype=np.float32)  # two anchors of background, a, b
    moved = moved_by_name(np.full(2 * 4, -1, np.float32), stored, old, new)
    assert moved.tolist() == [0, -1, 2, 1, 3, -1, 5, 4]
    kernel = moved_by_name(np.zeros((1, 1, 5, 8), np.float32), np.ones((1, 1, 5, 6), np.float32), old, new)
    assert kernel.sum() == 5 * 2 * 3
    assert moved_by_name(np.zeros((1, 1, 4, 8), np.float32), np.ones((1, 1, 5, 6), np.float32), old, new) is None


@check
def a_checkpoint_with_other_classes_gives_everything_but_the_new_class() -> None:
    import tensorflow as tf

    from training.engine.restore import load_checkpoint

    prefix = str(FOLDER / "old" / "ckpt-7")
    old = tiny_model(2)
    for index, variable in enumerate(old.trainable_variables):
        variable.assign(tf.fill(variable.shape, 0.001 * (index + 1)))
    tf.train.Checkpoint(model=old, step=tf.Variable(7)).write(prefix)
    new = tiny_model(3)
    restored = load_checkpoint(new, prefix, ["a", "b"], ["b", "new", "a"])
    assert restored.kept == len(new.variables) == len(old.variables)
    assert {item.reason for item in restored.skipped} == {"new classes start fresh: new"}
    pairs = list(zip(old.trainable_variables, new.trainable_variables, strict=True))
    equal = [np.array_equal(left, right) for left, right in pairs if left.shape == right.shape]
    assert all(equal) and len(equal) == len(pairs) - 2  # all but kernel and bias of the class head
    assert refusal(lambda: load_checkpoint(tf.Module(), prefix, [], [])) == "base_mismatch"


def tiny_model(classes: int) -> Any:
    from object_detection.protos import pipeline_pb2

    from training.engine.architectures import fill_model
    from training.engine.model import Detector, build_model
    from training.engine.request import ModelRequest

    pipeline = pipeline_pb2.TrainEvalPipelineConfig()
    fill_model(pipeline.model.ssd, ModelRequest(depth_multiplier=0.1, input_size=96), classes, steps=20)
    model = build_model(pipeline)
    Detector(model, 96)
    return model


@check
def wrong_backbone_files() -> None:
    from training.engine.backbone import load_backbone

    (FOLDER / "not.h5").write_text("hello")
    assert refusal(lambda: load_backbone(None, FOLDER / "gone.h5", 0.35)) == "backbone_missing"
    assert refusal(lambda: read_backbone(FOLDER / "not.h5")) == "wrong_backbone"


def read_backbone(path: Path) -> object:
    from training.engine.backbone import read_weights

    return read_weights(path, 0.35)


@check
def unreadable_checkpoints() -> None:
    from training.engine.restore import load_checkpoint

    assert refusal(lambda: load_checkpoint(None, str(FOLDER / "ckpt-1"), [], [])) == "bad_checkpoint"
    (FOLDER / "ckpt-2.index").write_text("hello")
    assert refusal(lambda: load_checkpoint(None, str(FOLDER / "ckpt-2"), [], [])) == "bad_checkpoint"


@check
def export_differences_see_boxes_scores_and_classes() -> None:
    from training.engine.export_check import differences

    answer = {
        "raw_detection_boxes": np.array([[[0.1, 0.1, 0.5, 0.5], [0.2, 0.2, 1.4, 0.9]]], np.float32),
        "raw_detection_scores": np.array([[[0.0, 0.8, 0.1], [0.0, 0.2, 0.6]]], np.float32),
        "detection_boxes": np.array([[[0.1, 0.1, 0.5, 0.5], [0.2, 0.2, 1.0, 0.9]]], np.float32),
        "detection_scores": np.array([[0.8, 0.6]], np.float32),
        "detection_classes": np.array([[1, 2]], np.float32),
        "num_detections": np.array([2], np.float32),
    }
    assert differences(answer, answer) == (0.0, 0.0)
    assert differences(answer, {**answer, "raw_detection_boxes": answer["raw_detection_boxes"] + 0.25})[0] > 0.2
    assert differences(answer, {**answer, "detection_scores": answer["detection_scores"] - 0.25})[1] > 0.2
    assert max(differences(answer, {**answer, "detection_classes": answer["detection_classes"][:, ::-1]})) > 0.2


def main() -> None:
    compat.PATCHES = tuple(name for name in compat.PATCHES if name not in sys.argv[1:])
    compat.apply()
    results = {}
    for name, function in CHECKS.items():
        try:
            function()
            results[name] = "ok"
        except Exception:
            results[name] = traceback.format_exc()
    print(json.dumps(results))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        FOLDER = Path(folder)
        main()
