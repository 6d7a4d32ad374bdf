"""What a run starts from: earlier checkpoints and backbones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tests.training.engine.checks.registry import check, new_folder, refusal


@check
def class_weights_follow_the_names() -> None:
    from training.engine.class_heads import ClassAxis, moved_by_name

    old, new = ["A", "b"], ["c", "B", "a"]  # case does not matter
    stored = np.arange(2 * 3, dtype=np.float32)  # two anchors of background, a, b
    moved = moved_by_name(np.full(2 * 4, -1, np.float32), stored, old, new)
    assert moved.tolist() == [0, -1, 2, 1, 3, -1, 5, 4]
    kernel = moved_by_name(np.zeros((1, 1, 5, 8), np.float32), np.ones((1, 1, 5, 6), np.float32), old, new)
    assert kernel.sum() == 5 * 2 * 3
    assert moved_by_name(np.zeros((1, 1, 4, 8), np.float32), np.ones((1, 1, 5, 6), np.float32), old, new) is None
    heat = moved_by_name(np.full(3, -1, np.float32), np.arange(2, dtype=np.float32), old, new, ClassAxis())
    assert heat.tolist() == [-1, 1, 0]
    boxes = moved_by_name(np.full(12, -1, np.float32), np.arange(8, dtype=np.float32), old, new, ClassAxis(inner=4))
    assert boxes.tolist() == [-1, -1, -1, -1, 4, 5, 6, 7, 0, 1, 2, 3]


@check
def a_checkpoint_with_other_classes_gives_everything_but_the_new_class() -> None:
    new, old, restored = after_transfer("ssd_mobilenet_v2_fpn_keras", {"depth_multiplier": 0.1, "input_size": 96})
    assert restored.kept == len(new.variables) == len(old.variables)
    pairs = list(zip(old.trainable_variables, new.trainable_variables, strict=True))
    equal = [np.array_equal(left, right) for left, right in pairs if left.shape == right.shape]
    assert all(equal) and len(equal) == len(pairs) - 2  # all but kernel and bias of the class head


@check
def a_centernet_keeps_the_heat_maps_of_its_classes_and_gets_averages_of_its_run() -> None:
    from training.engine.architectures.batch_norm import fit_batch_norm

    new, old, restored = after_transfer("centernet_mobilenet_v2_fpn", {"depth_multiplier": 0.1, "input_size": 128})
    assert restored.kept == len(new.variables)
    layers = [layer for layer in new.submodules if hasattr(layer, "moving_mean")]
    assert {layer.momentum for layer in layers} - {0.9}  # Keras' own network does not hear of the config
    fit_batch_norm(new, steps=20)
    assert {layer.momentum for layer in layers} == {0.9}
    kernels = [net._prediction_head_dict["object_center"][0].layers[-1].weights[0].numpy() for net in (old, new)]
    assert np.array_equal(kernels[0], kernels[1][..., [2, 0]])


def after_transfer(architecture: str, model: dict[str, Any]) -> tuple[Any, Any, Any]:
    """(a model of b, new, a; the model of a, b it started from; what was restored)."""
    import tensorflow as tf

    from training.engine.restore import load_checkpoint

    prefix = str(new_folder() / "old" / "ckpt-7")
    old = tiny_model(2, architecture, **model)
    for index, variable in enumerate(old.trainable_variables):
        variable.assign(tf.reshape(tf.range(tf.size(variable), dtype=tf.float32), variable.shape) * 1e-5 + index)
    tf.train.Checkpoint(model=old, step=tf.Variable(7)).write(prefix)
    new = tiny_model(3, architecture, **model)
    restored = load_checkpoint(new, prefix, ["a", "b"], ["b", "new", "a"])
    assert {item.reason for item in restored.skipped} == {"new classes start fresh: new"}
    assert refusal(lambda: load_checkpoint(tf.Module(), prefix, [], [])) == "base_mismatch"
    return new, old, restored


def tiny_model(classes: int, architecture: str = "ssd_mobilenet_v2_fpn_keras", **model: Any) -> Any:
    from object_detection.protos import pipeline_pb2

    from training.engine.architectures.model import fill_model
    from training.engine.model import Detector, build_model
    from training.engine.request import ModelRequest

    pipeline = pipeline_pb2.TrainEvalPipelineConfig()
    request = ModelRequest(architecture, **(model or {"depth_multiplier": 0.1, "input_size": 96}))
    fill_model(pipeline.model, request, classes, steps=20)
    made = build_model(pipeline)
    Detector(made, request.input_size)
    return made


@check
def backbones_of_both_mobilenets_fill_their_detectors() -> None:
    import tf_keras

    from training.engine.backbone import load_backbone

    for architecture, network, most_skipped in (
        ("ssd_mobilenet_v1_fpn_keras", "MobileNet", 0),
        ("ssd_mobilenet_v2_keras", "MobileNetV2", 5),  # the last convolution, which Keras never makes narrow
    ):
        source = getattr(tf_keras.applications, network)((224, 224, 3), 0.25, include_top=False, weights=None)
        for index, variable in enumerate(source.weights):
            variable.assign(np.full(variable.shape, index, np.float32))
        path = new_folder() / "x.weights.h5"
        source.save_weights(str(path))
        model = tiny_model(2, architecture, depth_multiplier=0.25, input_size=96)
        restored = load_backbone(model, path, 0.25, architecture)
        assert len(restored.skipped) <= most_skipped, (architecture, restored.skipped)
        first = model.feature_extractor.classification_backbone.weights[0]
        assert (first.numpy() == 0).all()


@check
def wrong_backbone_files() -> None:
    from training.engine.backbone import load_backbone, network_of, read_weights

    folder = new_folder()
    (folder / "not.h5").write_text("hello")
    assert refusal(lambda: load_backbone(None, folder / "gone.h5", 0.35)) == "backbone_missing"
    assert refusal(lambda: read_weights(folder / "not.h5", network_of("mobilenet_v2", 0.35))) == "wrong_backbone"
    assert refusal(lambda: network_of("ssd_efficientnet-b0_bifpn_keras", 1.0)) == "no_backbone"


@check
def unreadable_checkpoints() -> None:
    import tensorflow as tf

    from training.engine.restore import load_checkpoint

    folder = new_folder()
    assert refusal(lambda: load_checkpoint(None, str(folder / "ckpt-1"), [], [])) == "bad_checkpoint"
    (folder / "ckpt-2.index").write_text("hello")
    assert refusal(lambda: load_checkpoint(None, str(folder / "ckpt-2"), [], [])) == "bad_checkpoint"
    tf.train.Checkpoint(step=tf.Variable(1)).write(str(folder / "ckpt-3"))
    assert refusal(lambda: load_checkpoint(None, str(folder / "ckpt-3"), [], [])) == "bad_checkpoint"
    tf.raw_ops.SaveV2(prefix=str(folder / "old"), tensor_names=["a"], shape_and_slices=[""], tensors=[tf.ones(2)])
    assert refusal(lambda: load_checkpoint(None, str(folder / "old"), [], [])) == "bad_checkpoint"


@check
def a_checkpoint_that_is_cut_off_is_refused() -> None:
    import tensorflow as tf

    from training.engine.restore import load_checkpoint

    prefix = str(new_folder() / "ckpt-1")
    module = tf.Module()
    module.kernel = tf.Variable(tf.ones(1000))
    tf.train.Checkpoint(model=module).write(prefix)
    data = Path(prefix + ".data-00000-of-00001")
    data.write_bytes(data.read_bytes()[:100])
    assert refusal(lambda: load_checkpoint(module, prefix, [], [])) == "bad_checkpoint"
