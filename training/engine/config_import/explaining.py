"""What a config says, block by block, in sentences for people. Needs `compat.apply()` first."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from google.protobuf import text_format

from training.engine.config_import.checking import check
from training.engine.config_import.migrating import migrate
from training.engine.config_import.migrating_train import names
from training.engine.config_import.reading import parse
from training.engine.config_import.schedules import peak
from training.engine.config_import.source import load, preset_with, way_of_extractor
from training.engine.request import ModelRequest, RunRequest

WAYS = {"tf2": "TensorFlow 2", "tf1": "TensorFlow 1, in a process of its own"}


def explain(path: Path) -> dict[str, Any]:
    """`{"path", "title", "blocks": [{"block", "sentence"}], "changes": [{"field", "before", "after", "reason"}]}`.

    Also `before` and `after`: the whole config as it came and as it would be trained, as text.

    The changes are those of an import with as many classes as the config has and the engine's default settings.
    Raises `EngineError` for a file that is no config or cannot be built.
    """
    text = load(path)
    pipeline = parse(text)
    check(pipeline, text)
    kind = pipeline.model.WhichOneof("model")
    model = getattr(pipeline.model, kind)
    classes = {number: f"class {number}" for number in range(1, getattr(model, "num_classes", 0) + 1)}
    request = RunRequest(model=ModelRequest(architecture="custom"))
    migrated = migrate(text, classes, request, own_rate=True)
    chosen = preset_with(model.feature_extractor.type)
    return {
        "path": migrated.path,
        "title": chosen.title if chosen else model.feature_extractor.type,
        "blocks": [{"block": block, "sentence": sentence} for block, sentence in sentences(pipeline, kind, model)],
        "changes": [asdict(change) for change in migrated.changes],
        "before": text_format.MessageToString(pipeline, as_utf8=True),
        "after": text_format.MessageToString(migrated.pipeline, as_utf8=True),
    }


def sentences(pipeline: Any, kind: str, model: Any) -> list[tuple[str, str]]:
    """(block, sentence) in the order of the file's usual layout."""
    found = [
        (f"model.{kind}", KINDS[kind] + f" It tells {model.num_classes} classes apart."),
        (f"model.{kind}.feature_extractor", extractor(model.feature_extractor)),
        (f"model.{kind}.image_resizer", resizer(model.image_resizer)),
    ]
    if kind == "ssd":
        found += ssd(model)
    if kind == "faster_rcnn":
        found += faster_rcnn(model)
    if kind == "center_net":
        found.append(("model.center_net.object_center_params", centres(model.object_center_params)))
    return found + training(pipeline)


KINDS = {
    "ssd": "A single-shot detector: one pass gives the boxes of all classes at many fixed places (anchors).",
    "faster_rcnn": "A two-stage detector: the first stage proposes boxes, the second classifies and refines them.",
    "center_net": "A detector without anchors: it looks for the centres of objects and measures the boxes there.",
}


def extractor(message: Any) -> str:
    way = WAYS[way_of_extractor(message.type)]
    width = getattr(message, "depth_multiplier", 0.0)
    narrow = f" at {width:g} of its full width" if width and width != 1.0 else ""
    return f"The network that sees the image is {message.type}{narrow}; it trains with {way}."


def resizer(message: Any) -> str:
    kind = message.WhichOneof("image_resizer_oneof")
    if kind == "fixed_shape_resizer":
        fixed = message.fixed_shape_resizer
        return f"Every image becomes {fixed.width} x {fixed.height} pixels, whatever its shape."
    if kind == "keep_aspect_ratio_resizer":
        keep = message.keep_aspect_ratio_resizer
        padded = " and is filled up to a square" if keep.pad_to_max_dimension else ""
        return (
            f"Every image keeps its shape: the shorter side becomes {keep.min_dimension} pixels, the longer at most "
            f"{keep.max_dimension}{padded}."
        )
    return "Images keep a size of their own."


def ssd(model: Any) -> list[tuple[str, str]]:
    anchors = model.anchor_generator.WhichOneof("anchor_generator_oneof") or "none"
    predictor = model.box_predictor.WhichOneof("box_predictor_oneof") or "none"
    return [
        ("model.ssd.anchor_generator", f"Places of candidate boxes: {anchors}; {anchor_sizes(model.anchor_generator)}"),
        ("model.ssd.box_predictor", f"What turns features into boxes and scores: {predictor}."),
        ("model.ssd.loss", loss(model.loss)),
        ("model.ssd.post_processing", suppression(model.post_processing)),
    ]


def anchor_sizes(generator: Any) -> str:
    if generator.HasField("ssd_anchor_generator"):
        grid = generator.ssd_anchor_generator
        return f"from {grid.min_scale:.0%} to {grid.max_scale:.0%} of the image on {grid.num_layers} feature maps."
    if generator.HasField("multiscale_anchor_generator"):
        levels = generator.multiscale_anchor_generator
        least = levels.anchor_scale * 2**levels.min_level
        return f"from {least:g} pixels upwards on the levels {levels.min_level} to {levels.max_level} of a pyramid."
    return "sizes of their own."


def loss(message: Any) -> str:
    classification = message.classification_loss.WhichOneof("classification_loss")
    localization = message.localization_loss.WhichOneof("localization_loss")
    mining = " Only the hardest negatives count." if message.HasField("hard_example_miner") else ""
    return f"Classes are judged by {classification}, boxes by {localization}.{mining}"


def suppression(message: Any) -> str:
    nms = message.batch_non_max_suppression
    return (
        f"Of boxes of one class that overlap by more than {nms.iou_threshold:.2g} IoU the best stays; at most "
        f"{nms.max_total_detections} boxes an image, {nms.max_detections_per_class} of one class."
    )


def faster_rcnn(model: Any) -> list[tuple[str, str]]:
    proposals = f"The first stage hands at most {model.first_stage_max_proposals} proposals on."
    return [
        ("model.faster_rcnn.first_stage_anchor_generator", proposals),
        ("model.faster_rcnn.second_stage_post_processing", suppression(model.second_stage_post_processing)),
    ]


def centres(message: Any) -> str:
    return f"At most {message.max_box_predictions} centres an image become boxes."


def training(pipeline: Any) -> list[tuple[str, str]]:
    config = pipeline.train_config
    steps = f"{config.num_steps} steps" if config.num_steps else "steps without end"
    steps_of = ", ".join(names(config.data_augmentation_options)) or "nothing"
    return [
        ("train_config", f"Trains {steps} of {config.batch_size} images; varied by {steps_of}."),
        ("train_config.optimizer", optimizer(config.optimizer)),
    ]


def optimizer(message: Any) -> str:
    kind = message.WhichOneof("optimizer")
    schedule = getattr(message, kind).learning_rate.WhichOneof("learning_rate") if kind else None
    if not schedule:
        return "No optimizer is named."
    rate = peak(getattr(getattr(message, kind).learning_rate, schedule))
    return f"{kind} with {schedule}, at most {rate:.3g}."
