"""The model block of an imported config. Needs `compat.apply()` first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from google.protobuf.message import Message

from training.engine.architectures.parts import batch_norm_decay
from training.engine.config_import.changes import Changes

if TYPE_CHECKING:
    from training.engine.config_import.migrating import Context

#: Networks whose TensorFlow 1 code refuses to be built unless told that its base shares the hyperparameters.
NEED_OVERRIDE = {"ssd_inception_v2", "ssd_inception_v3", "ssd_mobilenet_edgetpu", "ssd_pnasnet"}
ONLY_BOXES = "The data has boxes only."
#: Parts that learn something other than boxes, by the message they stand in.
OTHER_TASKS = {
    "ssd": ("mask_head_config",),
    "faster_rcnn": ("context_config",),
    "center_net": (
        "keypoint_estimation_task",
        "keypoint_label_map_path",
        "mask_estimation_task",
        "densepose_estimation_task",
        "track_estimation_task",
        "temporal_offset_task",
        "deepmac_mask_estimation",
    ),
}
FOR_TPU = ("use_static_shapes", "use_static_shapes_for_eval", "use_static_balanced_label_sampler")


def migrate(detection_model: Any, context: Context, changes: Changes) -> None:
    """Classes, limits, input size and batch normalisation; other tasks than boxes are taken out."""
    kind = detection_model.WhichOneof("model")
    model, where = getattr(detection_model, kind), f"model.{kind}"
    count = len(context.classes)
    changes.set(model, "num_classes", count, where, f"The data has {count} classes.")
    for name in OTHER_TASKS[kind]:
        changes.clear(model, name, where, ONLY_BOXES)
    resize(model, where, context, changes)
    decay(model, where, context, changes)
    {"ssd": ssd, "faster_rcnn": faster_rcnn, "center_net": center_net}[kind](model, where, context, changes)


def ssd(model: Any, where: str, context: Context, changes: Changes) -> None:
    limits(model.post_processing, f"{where}.post_processing", context, changes)
    extractor = model.feature_extractor
    if extractor.type in NEED_OVERRIDE:
        changes.set(
            extractor,
            "override_base_feature_extractor_hyperparams",
            True,
            f"{where}.feature_extractor",
            f"{extractor.type} cannot be built without: its base has no hyperparameters of its own.",
        )


def faster_rcnn(model: Any, where: str, context: Context, changes: Changes) -> None:
    for name in FOR_TPU:
        if getattr(model, name):
            changes.set(model, name, False, where, "Made for TPUs; elsewhere it only costs time and memory.")
    limits(model.second_stage_post_processing, f"{where}.second_stage_post_processing", context, changes)
    detections = model.second_stage_post_processing.batch_non_max_suppression.max_total_detections
    if model.first_stage_max_proposals < detections:
        reason = "Fewer proposals than detections would never reach that limit."
        changes.set(model, "first_stage_max_proposals", detections, where, reason)
    predictor = model.second_stage_box_predictor.mask_rcnn_box_predictor
    if predictor.predict_instance_masks:
        inside = f"{where}.second_stage_box_predictor.mask_rcnn_box_predictor"
        changes.set(predictor, "predict_instance_masks", False, inside, ONLY_BOXES)
        changes.set(model, "number_of_stages", 2, where, ONLY_BOXES)


def center_net(model: Any, where: str, context: Context, changes: Changes) -> None:
    reason = f"One image has {context.most_boxes} boxes."
    if model.object_center_params.max_box_predictions < context.most_boxes:
        inside = f"{where}.object_center_params"
        changes.set(model.object_center_params, "max_box_predictions", context.most_boxes, inside, reason)


def limits(post_processing: Any, where: str, context: Context, changes: Changes) -> None:
    """Both limits on the number of detections, where one image has more boxes than they allow."""
    suppression = post_processing.batch_non_max_suppression
    inside = f"{where}.batch_non_max_suppression"
    for name in ("max_detections_per_class", "max_total_detections"):
        if getattr(suppression, name) < context.most_boxes:
            changes.set(suppression, name, context.most_boxes, inside, f"One image has {context.most_boxes} boxes.")


def resize(model: Any, where: str, context: Context, changes: Changes) -> None:
    """The size that was asked for; shapes that differ from image to image only where a batch is one image."""
    resizer, size = model.image_resizer, context.request.model.input_size
    kind = resizer.WhichOneof("image_resizer_oneof")
    if size:
        before = str(resizer)
        resizer.fixed_shape_resizer.height = resizer.fixed_shape_resizer.width = size
        if str(resizer) != before:
            changes.note(f"{where}.image_resizer", before, resizer, f"An input of {size} pixels was asked for.")
    elif kind == "keep_aspect_ratio_resizer" and context.request.train.batch_size > 1:
        keep = resizer.keep_aspect_ratio_resizer
        reason = "Images of one batch must have one shape; the margin is filled with black."
        changes.set(keep, "pad_to_max_dimension", True, f"{where}.image_resizer.keep_aspect_ratio_resizer", reason)
    elif kind not in ("fixed_shape_resizer", "keep_aspect_ratio_resizer"):
        before = resizer.WhichOneof("image_resizer_oneof") or "nothing"
        resizer.fixed_shape_resizer.height = resizer.fixed_shape_resizer.width = OTHER_SIZE
        reason = "Batches and exports need one fixed input; give an input size to have another."
        changes.note(f"{where}.image_resizer", before, resizer, reason)


OTHER_SIZE = 640


def decay(model: Any, where: str, context: Context, changes: Changes) -> None:
    """Moving averages that would outlast the run are shortened to it."""
    for norm in batch_norms(model):
        fitting = batch_norm_decay(context.request.train.steps, norm.decay)
        if fitting < norm.decay:
            norm_before, norm.decay = norm.decay, fitting
            change = (f"{where} … batch_norm.decay", norm_before, norm.decay, DECAY_REASON)
            if not any(made.field == change[0] and made.before == f"{norm_before:.6g}" for made in changes.made):
                changes.note(*change)


DECAY_REASON = (
    "The moving averages that detection uses would still hold much of their starting values at the end of so short a "
    "run."
)


def batch_norms(message: Message) -> Iterator[Any]:
    """Every batch_norm block that is set anywhere in a message."""
    for descriptor, value in message.ListFields():
        if descriptor.message_type is None:
            continue
        for one in value if descriptor.is_repeated else [value]:
            if descriptor.name == "batch_norm":
                yield one
            else:
                yield from batch_norms(one)
