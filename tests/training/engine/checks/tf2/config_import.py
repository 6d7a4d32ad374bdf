"""Configs of other people: read, refused or made to fit."""

from __future__ import annotations

import re
from typing import Any

from tests.sample_data import sample_data
from tests.training.engine.checks.registry import check, new_folder
from tests.training.engine.checks.tf2.architectures import model_of, pipeline_of

CONFIG = """
model {
  ssd {
    num_classes: 90
    image_resizer { keep_aspect_ratio_resizer { min_dimension: 512 max_dimension: 512 } }
    feature_extractor {
      type: 'ssd_efficientnet-b0_bifpn_keras'
      bifpn { min_level: 3 max_level: 7 num_iterations: 3 num_filters: 64 }
      conv_hyperparams { batch_norm { decay: 0.99 epsilon: 0.001 } }
    }
    box_predictor { weight_shared_convolutional_box_predictor { depth: 64 } }
    anchor_generator { multiscale_anchor_generator { } }
    loss { classification_loss { weighted_sigmoid_focal { } } localization_loss { weighted_smooth_l1 { } } }
    post_processing { batch_non_max_suppression { max_detections_per_class: 20 max_total_detections: 20 } }
  }
}
train_config: {
  fine_tune_checkpoint: "PATH_TO_BE_CONFIGURED/ckpt-0"
  fine_tune_checkpoint_version: V2
  fine_tune_checkpoint_type: "classification"
  batch_size: 128
  sync_replicas: true
  startup_delay_steps: 0
  replicas_to_aggregate: 8
  use_bfloat16: true
  num_steps: 300000
  data_augmentation_options { random_horizontal_flip { } }
  data_augmentation_options { random_scale_crop_and_pad_to_square { output_size: 512 } }
  optimizer {
    momentum_optimizer: {
      learning_rate: { cosine_decay_learning_rate {
        learning_rate_base: 8e-2 total_steps: 300000 warmup_learning_rate: .001 warmup_steps: 2500 } }
      momentum_optimizer_value: 0.9
    }
    use_moving_average: true
  }
}
train_input_reader: {
  label_map_path: "PATH_TO_BE_CONFIGURED/label_map.txt"
  external_input_reader { [object_detection.protos.GoogleInputReader.google_input_reader] { a: { b: "c" } } }
}
graph_rewriter { quantization { delay: 48000 weight_bits: 8 activation_bits: 8 } }
"""


def migrated(text: str = CONFIG, most_boxes: int = 0, own_rate: bool = True, **value: Any) -> Any:
    from training.engine.config_import import migrate
    from training.engine.request import RunRequest

    request = RunRequest.from_json({"model": {"architecture": "custom", **value.pop("model", {})}, **value})
    return migrate(text, {1: "a", 2: "b"}, request, most_boxes, own_rate)


def said(text: str) -> str:
    """What a text is refused with."""
    from training.engine.errors import EngineError

    try:
        migrated(text)
    except EngineError as error:
        assert error.code == "bad_config"
        return error.sentence
    raise AssertionError("nothing was refused")


@check
def a_published_config_is_fitted_to_the_run_and_every_change_has_a_reason() -> None:
    train = {"batch_size": 8, "steps": 1000, "warmup_steps": 50}
    found = migrated(train=train, most_boxes=30)
    config, ssd = found.pipeline.train_config, found.pipeline.model.ssd
    cosine = config.optimizer.momentum_optimizer.learning_rate.cosine_decay_learning_rate
    assert (found.path, ssd.num_classes) == ("tf2", 2)
    assert (config.batch_size, config.num_steps, cosine.total_steps, cosine.warmup_steps) == (8, 1000, 1000, 50)
    assert (round(cosine.learning_rate_base, 6), round(cosine.warmup_learning_rate, 7)) == (0.005, 6.25e-5)
    suppression = ssd.post_processing.batch_non_max_suppression
    assert suppression.max_detections_per_class == suppression.max_total_detections == 30
    assert ssd.image_resizer.keep_aspect_ratio_resizer.pad_to_max_dimension
    assert round(ssd.feature_extractor.conv_hyperparams.batch_norm.decay, 3) == 0.98
    gone = (
        "fine_tune",
        "PATH_TO",
        "replicas",
        "bfloat16: true",
        "graph_rewriter",
        "moving_average: true",
        "input_path",
    )
    assert not [word for word in gone if word in str(found.pipeline)]
    fields = {change.field.rsplit(".", 1)[-1] for change in found.changes}
    wanted = "num_classes fine_tune_checkpoint sync_replicas use_bfloat16 learning_rate_base total_steps graph_rewriter"
    assert set(wanted.split()) <= fields
    assert all(change.reason.endswith(".") and change.before != change.after for change in found.changes)


@check
def what_was_chosen_for_the_run_goes_before_the_config() -> None:
    found = migrated(own_rate=False, model={"input_size": 256}, train={"learning_rate": 0.04, "augmentation": "flip"})
    config = found.pipeline.train_config
    cosine = config.optimizer.momentum_optimizer.learning_rate.cosine_decay_learning_rate
    assert (round(cosine.learning_rate_base, 6), round(cosine.warmup_learning_rate, 6)) == (0.04, 0.0005)
    assert found.pipeline.model.ssd.image_resizer.fixed_shape_resizer.width == 256
    assert len(config.data_augmentation_options) == 1
    square = migrated(model={"input_size": 256}, train={"horizontal_flip": False}).pipeline.train_config
    (step,) = square.data_augmentation_options
    assert step.random_scale_crop_and_pad_to_square.output_size == 256


@check
def other_schedules_keep_their_shape() -> None:
    manual = """manual_step_learning_rate { initial_learning_rate: 1e-3
        schedule { step: 200000 learning_rate: 1e-4 } schedule { step: 250000 learning_rate: 1e-5 } }"""
    text = re.sub(r"cosine_decay_learning_rate \{.*?\}", manual, CONFIG, flags=re.DOTALL)
    text = text.replace("momentum_optimizer_value: 0.9", "").replace("momentum_optimizer:", "adam_optimizer:")
    config = migrated(text, train={"batch_size": 32, "steps": 3000}).pipeline.train_config
    rate = config.optimizer.adam_optimizer.learning_rate.manual_step_learning_rate
    assert round(rate.initial_learning_rate, 7) == 0.0005  # Adam: the root of the batches' ratio
    assert [one.step for one in rate.schedule] == [2000, 2500]


@check
def other_tasks_than_boxes_are_left_out() -> None:
    text = """model { center_net { num_classes: 1
      feature_extractor { type: "hourglass_104" }
      image_resizer { fixed_shape_resizer { height: 512 width: 512 } }
      keypoint_label_map_path: "PATH_TO_BE_CONFIGURED/map.txt"
      object_center_params { max_box_predictions: 20 }
      keypoint_estimation_task { task_name: "pose" task_loss_weight: 1.0 } } }"""
    found = migrated(text, most_boxes=33).pipeline.model.center_net
    assert not found.keypoint_estimation_task and found.object_center_params.max_box_predictions == 33


@check
def what_cannot_be_read_or_built_is_refused_with_its_line() -> None:
    cases = {
        CONFIG.replace("num_classes: 90", "num_clases: 90"): ("Line 4", "num_classes"),
        CONFIG.replace("num_classes: 90", "num_classes: many"): ("Line 4",),
        CONFIG.replace("min_dimension: 512 max_dimension: 512", "min_dimension: 900 max_dimension: 512"): ("Line 5",),
        CONFIG.replace("max_dimension: 512", "max_dimension: 9"): ("Line 5", "from 32 to 4096"),
        CONFIG.replace("efficientnet-b0", "efficientnet-b9"): ("Line 7", "did you mean"),
        CONFIG.replace("keep_aspect_ratio_resizer { min_dimension: 512 max_dimension: 512 }",
                       "fixed_shape_resizer { height: 500 width: 512 }"): ("Line 5", "multiple of 128", "512"),
        CONFIG.replace("keep_aspect_ratio_resizer { min_dimension: 512 max_dimension: 512 }",
                       "fixed_shape_resizer { height: 128 width: 512 }"): ("Line 5", "height", "256 at least"),
        CONFIG.replace("ssd {", "experimental_model {").replace("num_classes: 90", 'name: "x"'): ("Line",),
        'item { id: 1 name: "dog" }': ("Line 1", "not a label map"),
        "<html>": ("Line 1",),
        '{"model": 1}': ("Line 1",),
        "": ("no model block",),
        "train_config { batch_size: 1 }": ("no model block",),
        CONFIG.replace("90", "0"): ("0 classes",),
    }  # fmt: skip
    for text, words in cases.items():
        sentence = said(text)
        assert all(word in sentence for word in words), (words, sentence)


@check
def configs_of_the_tutorials_are_understood_as_they_are() -> None:
    from training.engine.config_import import explain, way_of

    for folder, name in (
        ("star_wars", "ssd_inception_v2_pets.config"),
        ("pets_multi", "training/faster_rcnn_inception_v2_pets.config"),
        ("raccoon", "training/ssd_mobilenet_v1_pets.config"),
    ):
        try:
            path = sample_data(folder) / name
        except BaseException as skipped:  # pytest's way of saying that the photographs are not here
            assert "Skip" in type(skipped).__name__
            return
        explained = explain(path)
        assert explained["path"] == way_of(path) == "tf1"
        text = str(explained["changes"])
        assert "fine_tune_checkpoint" in text and "input_path" in text
        assert all(block["sentence"].endswith(".") for block in explained["blocks"])


@check
def a_run_with_its_own_config_trains_from_it() -> None:
    text = CONFIG.replace("max_dimension: 512", "max_dimension: 128").replace(
        "min_dimension: 512", "min_dimension: 128"
    )
    pipeline = pipeline_of(model={"architecture": "custom"}, imported=text)
    assert model_of(pipeline).num_classes == 2
    assert len(pipeline.train_input_reader.tf_record_input_reader.input_path) == 1
    cosine = pipeline.train_config.optimizer.momentum_optimizer.learning_rate.cosine_decay_learning_rate
    assert round(cosine.learning_rate_base, 6) == 0.005


@check
def the_list_of_networks_is_the_library_s_own() -> None:
    from object_detection.builders import model_builder

    from training.engine.config_import.networks import OF_TENSORFLOW_2

    assert {name for table in model_builder.FEATURE_EXTRACTOR_MAPS for name in table} == OF_TENSORFLOW_2


@check
def files_that_are_no_text_are_refused() -> None:
    from tests.training.engine.checks.registry import refusal
    from training.engine.config_import import way_of

    folder = new_folder()
    for name, content in (("a", b"\xff\xfe\x00model"), ("b", b"a\0b"), ("c", b"x" * 1_000_001), ("d", b"hello")):
        (folder / name).write_bytes(content)
        assert refusal(lambda: way_of(folder / name)) == "bad_config"  # noqa: B023
    assert refusal(lambda: way_of(folder / "gone")) == "bad_config"
