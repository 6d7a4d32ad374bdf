"""Training, readers and evaluation of an imported config. Needs `compat.apply()` first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from training.engine.augmentation import step_from_json
from training.engine.config_import.changes import Changes, is_set, shown
from training.engine.config_import.schedules import fit_schedule

if TYPE_CHECKING:
    from training.engine.config_import.migrating import Context

LEAST_BOXES = 100
#: Settings of `train_config` that something else decides here, and what.
ELSEWHERE = {
    "fine_tune_checkpoint": "What a run starts from is chosen with it; the file named here is another machine's.",
    "fine_tune_checkpoint_type": "Every weight that fits is taken from the start, whatever its kind.",
    "fine_tune_checkpoint_version": "The version is seen from the checkpoint itself.",
    "from_detection_checkpoint": "Every weight that fits is taken from the start, whatever its kind.",
    "load_all_detection_checkpoint_vars": "Every weight that fits is taken from the start, whatever its kind.",
    "run_fine_tune_checkpoint_dummy_computation": "The engine creates the weights by itself.",
    "sync_replicas": "For a cluster of TensorFlow 1; several GPUs are used without it.",
    "replicas_to_aggregate": "For a cluster of TensorFlow 1; several GPUs are used without it.",
    "startup_delay_steps": "For a cluster of TensorFlow 1; several GPUs are used without it.",
    "batch_queue_capacity": "TensorFlow 1's queues are gone; the engine reads ahead by itself.",
    "num_batch_queue_threads": "TensorFlow 1's queues are gone; the engine reads ahead by itself.",
    "prefetch_queue_capacity": "TensorFlow 1's queues are gone; the engine reads ahead by itself.",
    "keep_checkpoint_every_n_hours": "The engine keeps the best checkpoint and the last ones.",
}


def migrate(pipeline: Any, context: Context, changes: Changes) -> None:
    """Batch, length, schedule, augmentation and paths; what belonged to other machines is taken out."""
    config = pipeline.train_config
    for name, reason in ELSEWHERE.items():
        changes.clear(config, name, "train_config", reason)
    basics(config, context, changes)
    augmentation(pipeline, context, changes)
    readers(pipeline, changes)
    reason = "Training for 8-bit weights needs parts of TensorFlow 1 that are gone; export as TFLite int8 instead."
    changes.clear(pipeline, "graph_rewriter", "", reason)


def basics(config: Any, context: Context, changes: Changes) -> None:
    train, where = context.request.train, "train_config"
    published_batch = config.batch_size or 1
    published_steps = config.num_steps
    changes.set(config, "batch_size", train.batch_size, where, "The batch size chosen for the run.")
    changes.set(config, "num_steps", train.steps, where, "The length chosen for the run.")
    if not config.gradient_clipping_by_norm and train.gradient_clip:
        reason = "Keeps a single bad batch from throwing the weights away."
        changes.set(config, "gradient_clipping_by_norm", train.gradient_clip, where, reason)
    if config.max_number_of_boxes < max(LEAST_BOXES, context.most_boxes):
        reason = f"One image has {context.most_boxes} boxes; those beyond the limit would not be learnt."
        if context.most_boxes <= LEAST_BOXES:
            reason = "Batches need room for the same number of boxes on every image; this is the library's usual one."
        changes.set(config, "max_number_of_boxes", max(LEAST_BOXES, context.most_boxes), where, reason)
    if config.unpad_groundtruth_tensors:
        changes.set(config, "unpad_groundtruth_tensors", False, where, "Batches of a fixed shape are faster.")
    if config.use_bfloat16:
        changes.set(config, "use_bfloat16", False, where, "Only TPUs compute in bfloat16.")
    if not context.own_rate:
        published_batch = 0
    fit_schedule(config.optimizer, published_batch, published_steps, train, changes)


def augmentation(pipeline: Any, context: Context, changes: Changes) -> None:
    """The config's own steps, unless the run says otherwise."""
    config, train = pipeline.train_config, context.request.train
    options, where = config.data_augmentation_options, "train_config.data_augmentation_options"
    if train.augmentation_options is not None or train.augmentation != "default":
        before = shown(", ".join(names(options)))
        del options[:]
        options.extend(step_from_json(option) for option in train.augmentation_options or [])
        if train.augmentation_options is None and train.augmentation == "flip":
            options.add().random_horizontal_flip.SetInParent()
        if before != ", ".join(names(options)):
            changes.note(where, before, ", ".join(names(options)), "The augmentation chosen for the run.")
    if not train.horizontal_flip and "random_horizontal_flip" in names(options):
        kept = [one for one in options if not one.HasField("random_horizontal_flip")]
        del options[:]
        options.extend(kept)
        changes.note(where, "random_horizontal_flip", "", "Mirroring was switched off for the run.")
    size = context.request.model.input_size
    for one in options:
        if size and one.HasField("random_scale_crop_and_pad_to_square"):
            square = one.random_scale_crop_and_pad_to_square
            inside = f"{where}.random_scale_crop_and_pad_to_square"
            changes.set(square, "output_size", size, inside, f"The input has {size} pixels.")


def names(options: Any) -> list[str]:
    return [option.WhichOneof("preprocessing_step") for option in options]


def readers(pipeline: Any, changes: Changes) -> None:
    """The readers are written anew; what they named lies on another machine."""
    reason = "The run reads the records it writes itself."
    for name in ("train_input_reader", "eval_input_reader"):
        found = getattr(pipeline, name)
        for reader in [found] if name == "train_input_reader" else list(found):
            for path in named_files(reader):
                changes.note(f"{name}.input_path", path, "", reason)
            changes.clear(reader, "label_map_path", name, "The label map is written from the classes of the data.")
        pipeline.ClearField(name)
    if is_set(pipeline, "eval_config"):
        for name in ("num_examples", "max_evals", "eval_interval_secs"):
            changes.clear(pipeline.eval_config, name, "eval_config", "Every evaluation measures all of val.")
        pipeline.ClearField("eval_config")


def named_files(reader: Any) -> list[str]:
    if reader.HasField("external_input_reader"):
        return ["a reader that only exists inside Google"]
    return list(reader.tf_record_input_reader.input_path)
