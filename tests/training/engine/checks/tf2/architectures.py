"""Every preset as the API's own message, and what follows from the data in it."""

from __future__ import annotations

from typing import Any

from tests.training.engine.checks.registry import check, dataset_json, new_folder, refusal


def pipeline_of(**value: Any) -> Any:
    """pipeline.config of a run directory whose records are empty files."""
    import json

    from training.engine import pipeline_config
    from training.engine.dataset import Dataset
    from training.engine.request import RunRequest
    from training.engine.rundir import RunDirectory

    run = RunDirectory(new_folder())
    run.request.write_text(json.dumps({key: item for key, item in value.items() if key != "imported"}))
    if "imported" in value:
        (run.root / "imported.config").write_text(value.pop("imported"))
    for split in ("train", "val"):
        run.shard(split, 0, 1).write_bytes(b"0" * 1000)
    return pipeline_config.build(run, RunRequest.from_json(value), Dataset.from_json(dataset_json()))


def model_of(pipeline: Any) -> Any:
    return getattr(pipeline.model, pipeline.model.WhichOneof("model"))


@check
def every_preset_is_a_whole_message_of_its_own() -> None:
    from object_detection.protos import model_pb2

    from training.engine.architectures.model import fill_model
    from training.engine.architectures.presets import PRESETS
    from training.engine.request import ModelRequest

    kinds = {"ssd": "ssd", "faster_rcnn": "faster_rcnn", "centernet": "center_net"}
    seen = set()
    for chosen in (one for one in PRESETS.values() if one.path == "tf2"):
        message = model_pb2.DetectionModel()
        fill_model(message, ModelRequest(chosen.name), 3, 2000)
        assert message.IsInitialized() and message.WhichOneof("model") == kinds[chosen.family]
        model = getattr(message, kinds[chosen.family])
        size = model.image_resizer.fixed_shape_resizer
        assert (model.num_classes, size.height, size.width) == (3, *[chosen.default_input_size] * 2)
        assert model.feature_extractor.type == chosen.feature_extractor
        seen.add(message.SerializeToString(deterministic=True))
    assert len(seen) == 30


@check
def cheap_presets_build() -> None:
    from training.engine.model import build_model

    for name in ("ssd_mobilenet_v1_keras", "ssd_resnet50_v1_fpn_keras", "faster_rcnn_resnet50_fpn_keras"):
        model = build_model(pipeline_of(model={"architecture": name}))
        assert model.num_classes == 2, name


@check
def both_limits_grow_with_the_fullest_image() -> None:
    from object_detection.protos import model_pb2

    from training.engine.architectures.model import fill_model
    from training.engine.request import ModelRequest

    def filled(name: str, boxes: int) -> Any:
        message = model_pb2.DetectionModel()
        fill_model(message, ModelRequest(name), 3, 2000, boxes)
        return message

    for boxes, limit in ((5, 100), (250, 250)):
        for post in (
            filled("efficientdet_d0", boxes).ssd.post_processing,
            filled("faster_rcnn_resnet50_keras", boxes).faster_rcnn.second_stage_post_processing,
        ):
            suppression = post.batch_non_max_suppression
            assert suppression.max_detections_per_class == suppression.max_total_detections == limit
        centres = filled("centernet_resnet50_v2", boxes).center_net.object_center_params
        assert centres.max_box_predictions == limit
    assert filled("faster_rcnn_resnet50_keras", 400).faster_rcnn.first_stage_max_proposals == 400


@check
def schedules_optimizers_and_batch_norm_follow_from_the_run() -> None:
    pipeline = pipeline_of(train={"steps": 300, "learning_rate": 0.5, "batch_size": 3, "warmup_steps": 20})
    config = pipeline.train_config
    cosine = config.optimizer.momentum_optimizer.learning_rate.cosine_decay_learning_rate
    assert (config.num_steps, cosine.total_steps, cosine.warmup_steps) == (300, 300, 20)
    assert (config.batch_size, config.max_number_of_boxes) == (3, 8)
    decay = pipeline.model.ssd.feature_extractor.conv_hyperparams.batch_norm.decay
    assert round(decay, 5) == round(1 - 20 / 300, 5)
    assert not pipeline.model.ssd.freeze_batchnorm
    base = {"kind": "checkpoint", "path": "/x"}
    assert pipeline_of(train={"batch_size": 3}, base=base).model.ssd.freeze_batchnorm
    assert not pipeline_of(train={"batch_size": 8}, base=base).model.ssd.freeze_batchnorm
    small = {"model": {"architecture": "centernet_resnet18_v1_fpn"}}
    assert pipeline_of(**small).train_config.optimizer.HasField("adam_optimizer")


@check
def augmentation_by_name_and_step_by_step() -> None:
    def steps(architecture: str = "ssd_mobilenet_v2_fpn_keras", **train: Any) -> list[Any]:
        pipeline = pipeline_of(model={"architecture": architecture}, train=train)
        return list(pipeline.train_config.data_augmentation_options)

    def names(found: list[Any]) -> list[str]:
        return [step.WhichOneof("preprocessing_step") for step in found]

    assert names(steps(augmentation="none")) == []
    assert names(steps(augmentation="flip")) == ["random_horizontal_flip"]
    assert names(steps())[:2] == ["random_horizontal_flip", "ssd_random_crop"]
    assert "random_horizontal_flip" not in names(steps(horizontal_flip=False))
    square = steps("efficientdet_d0")[1].random_scale_crop_and_pad_to_square
    assert (square.output_size, round(square.scale_min, 3), square.scale_max) == (512, 0.1, 2.0)
    (crop,) = steps(augmentation_options=[{"random_crop_image": {"min_area": 0.75}}])
    assert crop.random_crop_image.min_area == 0.75
    for wrong in ({"mosaic": {}}, {"random_crop_image": {"area": 1}}, {"random_crop_image": {"min_area": "much"}}):
        assert refusal(lambda: steps(augmentation_options=[wrong])) == "bad_request"  # noqa: B023
