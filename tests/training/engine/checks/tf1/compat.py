"""Each check here fails when the patch of its name is taken out."""

from __future__ import annotations

import numpy as np

from tests.training.engine.checks.registry import check, new_folder


@check
def graph_mode() -> None:
    import tensorflow.compat.v1 as tf

    assert not tf.executing_eagerly()
    assert not tf.control_flow_v2_enabled()
    with tf.Graph().as_default():
        tf.Variable(tf.zeros([2]), name="by_name")
        assert [item.op.type for item in tf.global_variables()] == ["VariableV2"]


@check
def numpy_aliases() -> None:
    import tensorflow.compat.v1 as tf
    from nets.mobilenet import mobilenet_v3

    with tf.Graph().as_default():
        _, ends = mobilenet_v3.mobilenet(tf.zeros([1, 96, 96, 3]), depth_multiplier=0.5)
        assert ends["global_pool"].shape.as_list()[:3] == [1, 1, 1]


@check
def framework_names() -> None:
    import tensorflow.compat.v1 as tf
    import tf_slim
    from tensorflow.python.ops import array_ops

    with tf.Graph().as_default(), tf.Session() as session:
        table = tf.get_variable("table", initializer=np.ones((3, 2), np.float32))
        (gradient,) = tf.gradients(9.0 * tf.gather(table, [1]), table)
        clipped = tf_slim.learning.clip_gradient_norms([(gradient, table), (tf.fill([2], 30.0), table)], 1.0)
        local = tf_slim.local_variable(4.0, name="local")
        session.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
        norms = [np.linalg.norm(value) for value in session.run([clipped[0][0].values, clipped[1][0]])]
        assert np.allclose(norms, 1.0), norms
        assert session.run(array_ops.stack([local, local])).tolist() == [4.0, 4.0]


@check
def legacy_layers() -> None:
    import tensorflow.compat.v1 as tf
    import tf_slim

    with tf.Graph().as_default(), tf.Session() as session:
        output = tf_slim.conv2d(tf.ones([1, 8, 8, 3]), 4, 3, normalizer_fn=tf_slim.batch_norm, scope="layer")
        names = {variable.op.name for variable in tf.global_variables()}
        session.run(tf.global_variables_initializer())
        assert session.run(output).shape == (1, 8, 8, 4)
    assert {"layer/weights", "layer/BatchNorm/moving_mean"} <= names


@check
def slim_packages() -> None:
    import sys

    from deployment import model_deploy
    from nets import inception_v2

    assert callable(inception_v2.inception_v2_base) and callable(model_deploy.create_clones)
    assert "datasets" not in sys.modules  # the name belongs to the project's own package


@check
def contrib_bipartite() -> None:
    import tensorflow.compat.v1 as tf
    from object_detection.matchers.bipartite_matcher import GreedyBipartiteMatcher

    similarity = tf.constant([[0.50, 0.1, 0.8], [0.15, 0.2, 0.3]])
    with tf.Session() as session:
        both = GreedyBipartiteMatcher().match(similarity, valid_rows=tf.constant([True, True]))
        one = GreedyBipartiteMatcher().match(similarity, valid_rows=tf.constant([False, True]))
        assert session.run(both.match_results).tolist() == [-1, 1, 0]
        assert session.run(one.match_results).tolist() == [-1, -1, 0]  # numbered among the valid rows


@check
def greedy_match_obeys_its_limits() -> None:
    from training.engine.compat.contrib_bipartite import greedy_match

    distances = np.array([[3, 1, 2], [1, 0, 5]], np.float32)
    assert [part.tolist() for part in greedy_match(distances, -1)] == [[2, 1], [-1, 1, 0]]
    assert [part.tolist() for part in greedy_match(distances, -1, top_k=1)] == [[-1, 1], [-1, 1, -1]]
    assert [part.tolist() for part in greedy_match(distances, 1)] == [[1, -1], [-1, 0, -1]]


@check
def contrib_averages() -> None:
    import tensorflow.compat.v1 as tf
    from google.protobuf import text_format
    from object_detection.builders import optimizer_builder
    from object_detection.protos import optimizer_pb2

    text = "momentum_optimizer { learning_rate { constant_learning_rate { learning_rate: 1.0 } } }"
    config = text_format.Parse(text + " moving_average_decay: 0.5", optimizer_pb2.Optimizer())
    with tf.Graph().as_default(), tf.Session() as session:
        weight = tf.get_variable("weight", initializer=8.0)
        optimizer, _ = optimizer_builder.build(config, tf.train.get_or_create_global_step())
        train = optimizer.minimize(4.0 * weight)
        saver = optimizer.swapping_saver()
        session.run(tf.global_variables_initializer())
        session.run(train)  # to 4 in one step, which moves the average half way
        stored = tf.train.load_checkpoint(saver.save(session, str(new_folder() / "averages")))
        assert session.run(weight) == 4.0
        assert stored.get_tensor("weight") == 6.0
        assert stored.get_tensor("weight/ExponentialMovingAverage") == 4.0


@check
def contrib_hparams() -> None:
    from object_detection import model_hparams

    assert model_hparams.create_hparams("load_pretrained=false").load_pretrained is False
    assert model_hparams.create_hparams().values() == {"load_pretrained": True}


@check
def contrib_tpu() -> None:
    from object_detection.utils import test_case

    assert test_case.TestCase("execute").is_tf2() is False


@check
def graph_profile() -> None:
    import tensorflow.compat.v1 as tf
    from object_detection import exporter

    exporter.profile_inference_graph(tf.Graph())


@check
def estimator_names() -> None:
    from object_detection import inputs, model_lib  # noqa: F401


@check
def a_process_keeps_its_mode() -> None:
    from training.engine import compat

    compat.apply("tf1")
    try:
        compat.apply("tf2")
    except RuntimeError as error:
        assert "mode tf1" in str(error)
    else:
        raise AssertionError("the mode was changed")
