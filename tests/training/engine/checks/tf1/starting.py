"""What a run of TensorFlow 1's way starts from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tests.training.engine.checks.registry import check, new_folder, refusal

SHAPES = {
    "FeatureExtractor/InceptionV2/Conv/weights": (3, 3, 4, 8),
    "FeatureExtractor/InceptionV2/Conv/BatchNorm/moving_mean": (8,),
    "BoxPredictor_0/BoxEncodingPredictor/weights": (1, 1, 8, 12),
    "FirstStageBoxPredictor/ClassPredictor/biases": (24,),
}


def variables(classes: int, **others: tuple[int, ...]) -> list[Any]:
    """The variables of a small detector with so many classes, all of them zero."""
    import tensorflow.compat.v1 as tf

    heads = {
        "BoxPredictor_0/ClassPredictor/weights": (1, 1, 8, 3 * (classes + 1)),
        "SecondStageBoxPredictor/BoxEncodingPredictor/biases": (4 * classes,),
    }
    shapes = {**SHAPES, **heads, **others}
    return [tf.get_variable(name, initializer=np.zeros(shape, np.float32)) for name, shape in shapes.items()]


def stored(values: dict[str, np.ndarray]) -> str:
    """Prefix of a checkpoint of TensorFlow 1 with these tensors."""
    import tensorflow.compat.v1 as tf

    prefix = str(new_folder() / "model.ckpt")
    with tf.Graph().as_default(), tf.Session() as session:
        tensors = {name: tf.Variable(value) for name, value in values.items()}
        session.run(tf.global_variables_initializer())
        tf.train.Saver(tensors).save(session, prefix, write_meta_graph=False)
    return prefix


@check
def tensors_go_by_name_and_class_heads_by_class() -> None:
    import tensorflow.compat.v1 as tf

    from training.engine.tf1.restore import load_checkpoint

    values = {name: np.ones(shape, np.float32) for name, shape in SHAPES.items()}
    values["BoxPredictor_0/ClassPredictor/weights"] = np.tile(np.arange(9, dtype=np.float32), (1, 1, 8, 1))
    values["SecondStageBoxPredictor/BoxEncodingPredictor/biases"] = np.arange(8, dtype=np.float32)
    prefix = stored(values)
    with tf.Graph().as_default(), tf.Session() as session:
        model = variables(3, gone=(2,))
        session.run(tf.global_variables_initializer())
        restored = load_checkpoint(session, model, prefix, ["a", "b"], ["b", "new", "a"])
        found = {variable.op.name: value for variable, value in zip(model, session.run(model), strict=True)}
    assert all((found[name] == 1).all() for name in SHAPES)
    # Three anchors of background, b, new, a.
    assert found["BoxPredictor_0/ClassPredictor/weights"][0, 0, 0].tolist() == [0, 2, 0, 1, 3, 5, 0, 4, 6, 8, 0, 7]
    boxes = found["SecondStageBoxPredictor/BoxEncodingPredictor/biases"]
    assert boxes.tolist() == [4, 5, 6, 7, 0, 0, 0, 0, 0, 1, 2, 3]
    assert restored.kept == len(model) - 1
    reasons = {item.name: item.reason for item in restored.skipped}
    assert reasons.pop("gone") == "not in the checkpoint"
    assert set(reasons.values()) == {"new classes start fresh: new"} and len(reasons) == 2


@check
def a_classification_network_gives_its_layers() -> None:
    import tensorflow.compat.v1 as tf

    from training.engine.tf1.restore import load_checkpoint

    prefix = stored({"InceptionV2/Conv/weights": np.ones((3, 3, 4, 8), np.float32)})
    with tf.Graph().as_default(), tf.Session() as session:
        model = variables(2)
        session.run(tf.global_variables_initializer())
        assert load_checkpoint(session, model, prefix, [], ["a", "b"]).kept == 1
        assert session.run(model[0]).min() == 1


@check
def checkpoints_that_do_not_fit() -> None:
    import tensorflow.compat.v1 as tf

    from training.engine.tf1.restore import load_checkpoint

    folder = new_folder()
    (folder / "broken.index").write_text("hello")
    strange = stored({"elsewhere": np.ones(3, np.float32)})
    of_tensorflow_2 = stored({"_CHECKPOINTABLE_OBJECT_GRAPH": np.ones(3, np.float32)})
    with tf.Graph().as_default(), tf.Session() as session:
        model = variables(2)
        session.run(tf.global_variables_initializer())

        def load(prefix: str | Path) -> object:
            return load_checkpoint(session, model, str(prefix), [], ["a", "b"])

        assert refusal(lambda: load(folder / "missing")) == "bad_checkpoint"
        assert refusal(lambda: load(folder / "broken")) == "bad_checkpoint"
        assert refusal(lambda: load(of_tensorflow_2)) == "bad_checkpoint"
        assert refusal(lambda: load(strange)) == "base_mismatch"
