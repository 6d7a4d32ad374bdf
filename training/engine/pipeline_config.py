"""pipeline.config of the Object Detection API, built from its own protobuf messages.

Needs `compat.apply()` first.
"""

from __future__ import annotations

import glob
from pathlib import Path
from typing import Any

from google.protobuf import text_format
from object_detection.protos import pipeline_pb2

from training.engine.architectures.model import fill_model
from training.engine.architectures.presets import CUSTOM, preset
from training.engine.augmentation import fill_augmentation
from training.engine.config_import.run import adapted, leave_explanation
from training.engine.dataset import Dataset
from training.engine.overrides import apply
from training.engine.request import RunRequest, TrainRequest
from training.engine.rundir import RunDirectory, write_text

MOMENTUM = 0.9
ADAM_EPSILON = 1e-7  # that of Keras, with which CenterNet was published
WARMUP_START = 0.25  # part of the learning rate the warm-up begins with
MIN_BOXES = 8  # padding costs: every anchor is compared with every row, and the rows of the API's 100 are mostly empty
SMALL_BATCH = 4
DETECTOR_BASES = ("checkpoint", "zoo")
SHUFFLE_BUFFER = 2048
SHUFFLE_MEGABYTES = 512  # of encoded images held for shuffling; more photographs than that are shuffled in part


def build(run: RunDirectory, request: RunRequest, dataset: Dataset) -> pipeline_pb2.TrainEvalPipelineConfig:
    """The whole pipeline of a run whose records are written, with what a person has changed in it."""
    pipeline = derive(run, request, dataset)
    if request.model.architecture == CUSTOM:
        leave_explanation(run, adapted(run, request, dataset))
    pipeline.train_input_reader.shuffle_buffer_size = shuffle_buffer(run, len(dataset.split("train")))
    apply(pipeline, request.overrides, request.model.is_custom)
    return pipeline


def derive(run: RunDirectory, request: RunRequest, dataset: Dataset) -> pipeline_pb2.TrainEvalPipelineConfig:
    """What follows from the request and the data, of a preset, or of the config it brought. Writes nothing."""
    if request.model.architecture == CUSTOM:
        pipeline = adapted(run, request, dataset).pipeline
    else:
        pipeline = pipeline_pb2.TrainEvalPipelineConfig()
        fill_model(
            pipeline.model,
            request.model,
            len(dataset.classes),
            request.train.steps,
            dataset.most_boxes(),
            frozen_batch_norm(request),
        )
        fill_train(pipeline.train_config, request, dataset)
    fill_readers(pipeline, run)
    return pipeline


def write(run: RunDirectory, pipeline: pipeline_pb2.TrainEvalPipelineConfig) -> None:
    """Writes pipeline.config as text, for a person and for the stock tools."""
    write_text(run.pipeline_config, text_format.MessageToString(pipeline, as_utf8=True))


def read(run: RunDirectory) -> pipeline_pb2.TrainEvalPipelineConfig:
    """Reads pipeline.config back, with its paths pointing into this directory wherever it has been carried."""
    pipeline = pipeline_pb2.TrainEvalPipelineConfig()
    text_format.Parse(run.pipeline_config.read_text(encoding="utf-8"), pipeline)
    fill_readers(pipeline, run)
    return pipeline


def fill_train(config: Any, request: RunRequest, dataset: Dataset) -> None:
    """Batches, augmentation, clipping and the optimizer."""
    train = request.train
    config.batch_size = train.batch_size
    config.num_steps = train.steps
    config.gradient_clipping_by_norm = train.gradient_clip
    config.max_number_of_boxes = max(MIN_BOXES, dataset.most_boxes())
    config.unpad_groundtruth_tensors = False
    fill_augmentation(config, train, request.model, dataset)
    fill_optimizer(config.optimizer, train, preset(request.model.architecture).optimizer)


def fill_optimizer(optimizer: Any, train: TrainRequest, kind: str) -> None:
    """Stochastic gradient descent with momentum, RMSProp or Adam, on a cosine schedule as long as the run."""
    optimizer.use_moving_average = False
    chosen = getattr(optimizer, f"{kind}_optimizer")
    if kind == "adam":
        chosen.epsilon = ADAM_EPSILON
    else:
        chosen.momentum_optimizer_value = MOMENTUM
    fill_cosine(chosen.learning_rate.cosine_decay_learning_rate, train)


def fill_cosine(cosine: Any, train: TrainRequest) -> None:
    cosine.learning_rate_base = train.learning_rate
    cosine.warmup_learning_rate = train.learning_rate * WARMUP_START
    cosine.warmup_steps = train.warmup
    cosine.total_steps = train.steps


def frozen_batch_norm(request: RunRequest) -> bool:
    """Whether moving means and variances stay those of the base.

    Over a few images they are mostly noise (ImageNet's are better than that), but a network that starts from nothing
    has no other.
    """
    if request.train.freeze_batch_norm is not None:
        return request.train.freeze_batch_norm
    return request.base.kind in DETECTOR_BASES and request.train.batch_size < SMALL_BATCH


def fill_readers(pipeline: Any, run: RunDirectory) -> None:
    """Points the readers at the records of this directory."""
    train = pipeline.train_input_reader
    train.label_map_path = str(run.label_map)
    train.tf_record_input_reader.input_path[:] = patterns(run.records("train"))
    if not pipeline.eval_input_reader:
        pipeline.eval_input_reader.add()
    val = pipeline.eval_input_reader[0]
    val.label_map_path = str(run.label_map)
    val.tf_record_input_reader.input_path[:] = patterns(run.records("val"))
    val.shuffle, val.num_epochs = False, 1
    evaluation = pipeline.eval_config
    evaluation.metrics_set[:] = ["coco_detection_metrics"]
    evaluation.use_moving_averages = False


def patterns(paths: list[Path]) -> list[str]:
    """The paths as the readers take them: as glob patterns, so a bracket in a folder's name has to be escaped."""
    return [glob.escape(str(path)) for path in paths]


def shuffle_buffer(run: RunDirectory, images: int) -> int:
    """How many encoded images may wait for shuffling without filling the memory."""
    average = sum(path.stat().st_size for path in run.records("train")) / images
    return int(max(1, min(SHUFFLE_BUFFER, images, SHUFFLE_MEGABYTES * 2**20 / average)))
