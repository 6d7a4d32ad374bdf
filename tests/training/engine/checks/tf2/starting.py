"""What a run starts from: earlier checkpoints and backbones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tests.training.engine.checks.registry import check, new_folder, refusal


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

    prefix = str(new_folder() / "old" / "ckpt-7")
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

    from training.engine.architectures.model import fill_model
    from training.engine.model import Detector, build_model
    from training.engine.request import ModelRequest

    pipeline = pipeline_pb2.TrainEvalPipelineConfig()
    fill_model(pipeline.model, ModelRequest(depth_multiplier=0.1, input_size=96), classes, steps=20)
    model = build_model(pipeline)
    Detector(model, 96)
    return model


@check
def wrong_backbone_files() -> None:
    from training.engine.backbone import load_backbone

    folder = new_folder()
    (folder / "not.h5").write_text("hello")
    assert refusal(lambda: load_backbone(None, folder / "gone.h5", 0.35)) == "backbone_missing"
    assert refusal(lambda: read_backbone(folder / "not.h5")) == "wrong_backbone"


def read_backbone(path: Path) -> object:
    from training.engine.backbone import read_weights

    return read_weights(path, 0.35)


@check
def unreadable_checkpoints() -> None:
    from training.engine.restore import load_checkpoint

    folder = new_folder()
    assert refusal(lambda: load_checkpoint(None, str(folder / "ckpt-1"), [], [])) == "bad_checkpoint"
    (folder / "ckpt-2.index").write_text("hello")
    assert refusal(lambda: load_checkpoint(None, str(folder / "ckpt-2"), [], [])) == "bad_checkpoint"
