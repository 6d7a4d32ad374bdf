"""Exports against their checkpoint: what is seen, what is refused, what is left alone."""

from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import numpy as np

from tests.training.engine.checks.registry import check, new_folder, refusal
from training.engine.errors import EngineError

IMAGE = np.zeros((100, 200, 3), np.uint8)


def answer() -> dict[str, Any]:
    """Two objects, the second reaching out of the image."""
    return {
        "raw_detection_boxes": np.array([[[0.1, 0.1, 0.5, 0.5], [0.2, 0.2, 1.4, 0.9]]], np.float32),
        "raw_detection_scores": np.array([[[0.0, 0.8, 0.1], [0.0, 0.2, 0.6]]], np.float32),
        "detection_boxes": np.array([[[0.1, 0.1, 0.5, 0.5], [0.2, 0.2, 1.0, 0.9]]], np.float32),
        "detection_scores": np.array([[0.8, 0.6]], np.float32),
        "detection_classes": np.array([[1, 2]], np.float32),
        "num_detections": np.array([2], np.float32),
    }


def compared(**changes: Any) -> Any:
    """The comparison of a checkpoint with an export whose outputs differ as given."""
    from training.engine.exports.comparison import compare
    from training.engine.exports.reference import Compared, as_answer

    actual = as_answer({**answer(), **changes}, IMAGE)
    return compare([Compared(SimpleNamespace(pixels=IMAGE), answer(), 2)], lambda pixels: actual)


@check
def export_differences_see_boxes_scores_and_classes() -> None:
    same = compared()
    assert max(same.max_box_difference, same.max_score_difference, same.max_rank_difference) < 1e-6
    assert (same.matched, same.images) == (2, 1)
    assert same.mean_iou > 0.999
    moved = compared(detection_boxes=answer()["detection_boxes"] + 0.1)
    assert moved.max_box_difference > 0.05
    assert moved.mean_iou < 0.8
    less = compared(detection_scores=answer()["detection_scores"] - 0.25)
    assert less.max_rank_difference > 0.2
    assert less.mean_score_difference > 0.2
    swapped = compared(detection_classes=answer()["detection_classes"][:, ::-1])
    assert max(swapped.max_box_difference, swapped.max_score_difference) > 0.2
    fewer = compared(num_detections=np.array([1], np.float32))
    assert fewer.max_rank_difference > 0.5
    assert fewer.mean_iou < 0.6
    nothing = compared(num_detections=np.array([0], np.float32))
    assert (nothing.mean_iou, nothing.matched) == (0.0, 2)


@check
def a_box_narrower_than_a_pixel_is_not_judged_by_its_overlap() -> None:
    from training.engine.exports.comparison import compare
    from training.engine.exports.reference import Compared, as_answer

    height = IMAGE.shape[0]
    thin = answer()
    thin["detection_boxes"] = np.array([[[0.1, 0.1, 0.5, 0.5], [0.3, 0.3, 0.3 + 0.5 / height, 0.9]]], np.float32)
    rounded = {**thin, "detection_boxes": thin["detection_boxes"] + np.array([0, 0, 0.4 / height, 0], np.float32)}
    actual = as_answer(rounded, IMAGE)
    found = compare([Compared(SimpleNamespace(pixels=IMAGE), thin, 2)], lambda pixels: actual)
    assert found.matched == 1
    assert found.mean_iou > 0.9


@check
def boxes_of_a_padded_input_are_compared_in_the_image() -> None:
    from training.engine.exports.comparison import compare
    from training.engine.exports.reference import Compared, as_answer

    padded = answer()
    padded["raw_detection_boxes"] = padded["raw_detection_boxes"] * np.array([0.5, 1, 0.5, 1], np.float32)
    item = Compared(SimpleNamespace(pixels=IMAGE), {**padded, "detection_boxes": np.zeros((1, 2, 4), np.float32)}, 2)
    actual = as_answer(answer(), IMAGE)
    found = compare([item], lambda pixels: actual, lambda height, width: (0.5, 1.0))
    assert found.max_box_difference < 1e-6


@check
def raw_scores_may_lack_the_background() -> None:
    from training.engine.exports.comparison import compare
    from training.engine.exports.reference import Compared, as_answer

    bare = {**answer(), "raw_detection_scores": answer()["raw_detection_scores"][..., 1:]}
    item = Compared(SimpleNamespace(pixels=IMAGE), {**bare, "detection_boxes": np.zeros((1, 2, 4), np.float32)}, 2)
    actual = as_answer(answer(), IMAGE)
    found = compare([item], lambda pixels: actual)
    assert max(found.max_box_difference, found.max_score_difference) < 1e-6


@check
def limits_name_what_was_lost() -> None:
    from training.engine.exports.formats import EIGHT_BITS, SAME, SAME_CANDIDATES

    assert SAME.broken(compared(), 0.0) == []
    assert "AP" in SAME.broken(compared(), 0.006)[0]
    assert SAME_CANDIDATES.broken(compared(), 0.006) == []
    assert SAME.broken(compared(), None) == []
    assert len(SAME.broken(compared(detection_boxes=answer()["detection_boxes"] + 0.1), 0.0)) >= 2
    assert EIGHT_BITS.broken(compared(detection_boxes=answer()["detection_boxes"] + 0.4), 0.0)


@check
def a_failed_export_leaves_the_earlier_one() -> None:
    from training.engine.exports import whole_folder

    folder = new_folder() / "onnx"
    with whole_folder(folder) as part:
        (part / "model.onnx").write_text("old")
    try:
        with whole_folder(folder) as part:
            (part / "model.onnx").write_text("new")
            raise RuntimeError
    except RuntimeError:
        pass
    assert (folder / "model.onnx").read_text() == "old"
    with whole_folder(folder) as part:
        (part / "model.onnx").write_text("newer")
    assert (folder / "model.onnx").read_text() == "newer"
    assert [path.name for path in folder.parent.iterdir()] == ["onnx"]


@check
def formats_that_cannot_work_are_refused() -> None:
    from object_detection.protos import model_pb2

    from training.engine.exports.possible import refuse_impossible

    model = model_pb2.DetectionModel()
    model.faster_rcnn.num_classes = 1
    refuse_impossible(["onnx", "saved_model"], model)
    assert refusal(lambda: refuse_impossible(["onnx", "tflite"], model)) == "export_impossible"
    assert refusal(lambda: refuse_impossible(["caffe"], model)) == "bad_request"
    model.center_net.num_classes = 1
    ratio = model.center_net.image_resizer.keep_aspect_ratio_resizer
    model.center_net.feature_extractor.type = "mobilenet_v2_fpn_sep_conv"
    ratio.pad_to_max_dimension = True
    refuse_impossible(["tflite"], model)
    assert refusal(lambda: refuse_impossible(["tflite_int8"], model)) == "export_impossible"
    ratio.pad_to_max_dimension = False
    assert refusal(lambda: refuse_impossible(["tflite"], model)) == "export_impossible"


@check
def activations_with_gradients_of_their_own_can_be_saved() -> None:
    """As EfficientDet's: the gradient holds the factor as a tensor of the graph that was frozen."""
    import tensorflow as tf

    from training.engine.exports import saved_model

    graph = tf.Graph()
    with graph.as_default():
        images = tf.compat.v1.placeholder(tf.uint8, [None, None, None, 3], name="image_tensor")
        bent = tf.nn.silu(tf.cast(images, tf.float32) / 255.0, beta=tf.constant(1.0))
        tf.reduce_max(bent, axis=[1, 2, 3], name="detection_scores")
    subject: Any = SimpleNamespace(graph=lambda: graph.as_graph_def())
    folder = new_folder()
    assert saved_model.write(subject, folder)["outputs"] == ["detection_scores"]
    signature = tf.saved_model.load(str(folder)).signatures["serving_default"]
    found = signature(input_tensor=tf.fill([1, 2, 2, 3], tf.constant(255, tf.uint8)))
    assert math.isclose(float(found["detection_scores"][0]), 1 / (1 + math.exp(-1)), rel_tol=1e-6)


@check
def tflite_is_for_networks_of_tensorflow_2() -> None:
    from object_detection.protos import model_pb2

    from training.engine.exports.possible import refuse_impossible

    model = model_pb2.DetectionModel()
    model.ssd.image_resizer.fixed_shape_resizer.width = 300
    model.ssd.box_coder.faster_rcnn_box_coder.y_scale = 10
    model.ssd.feature_extractor.type = "ssd_mobilenet_v1_keras"
    refuse_impossible(["tflite_int8"], model)
    model.ssd.feature_extractor.type = "ssd_mobilenet_v1"
    refuse_impossible(["onnx", "frozen_graph"], model)
    assert refusal(lambda: refuse_impossible(["onnx", "tflite_int8"], model)) == "export_impossible"


@check
def one_resize_for_the_batch_is_the_api_own() -> None:
    import tensorflow as tf
    from google.protobuf import text_format
    from object_detection.builders import image_resizer_builder
    from object_detection.protos import image_resizer_pb2

    from training.engine.bundle.runtime_litert import prepare
    from training.engine.resizing import resizer_of

    pixels = np.random.default_rng(1).integers(0, 256, (37, 61, 3)).astype(np.float32)
    plain = {"matrix": np.eye(3).tolist(), "offset": [0.0, 0.0, 0.0], "fill": [1.0, 2.0, 3.0]}
    for text in (
        "fixed_shape_resizer { height: 48 width: 64 }",
        "keep_aspect_ratio_resizer { min_dimension: 48 max_dimension: 48 pad_to_max_dimension: true "
        "per_channel_pad_value: [1, 2, 3] }",
        "keep_aspect_ratio_resizer { min_dimension: 40 max_dimension: 90 }",
    ):
        config = text_format.Parse(text, image_resizer_pb2.ImageResizer())
        function = image_resizer_builder.build(config)
        resizer = resizer_of(SimpleNamespace(_image_resizer_fn=function))
        assert resizer is not None
        for image in (pixels, pixels.transpose(1, 0, 2)):
            expected, shape = (value.numpy() for value in function(tf.constant(image)))
            ours = resizer.fill_up(resizer.resize(tf.constant(image[None]))).numpy()[0]
            assert np.allclose(ours, expected, atol=1e-3), text
            assert resizer.resized(*image.shape[:2]) == tuple(shape[:2])
            if resizer.fixed_size:
                size = dict(zip(("height", "width"), resizer.fixed_size, strict=True))
                ratio = {"keep_aspect_ratio": resizer.kind == "range", "shortest_side": resizer.width}
                prepared, window = prepare(image.astype(np.uint8), {**plain, **size, **ratio})
                assert np.allclose(prepared[0], expected, atol=1e-3), text
                assert np.allclose(window, resizer.window(*image.shape[:2]))


@check
def a_model_that_has_not_learnt_is_not_judged_by_its_ap() -> None:
    from training.engine.exports import fall_of_ap

    def reference(ap: float | None, objects: int = 50) -> Any:
        return SimpleNamespace(figures=SimpleNamespace(ap=ap), objects=objects)

    assert fall_of_ap(reference(0.02), 0.0) is None and fall_of_ap(reference(None), 0.5) is None
    assert fall_of_ap(reference(0.5), None) is None and fall_of_ap(reference(0.4, 3), 0.1) is None
    assert all(math.isclose(fall_of_ap(reference(0.6, objects), 0.5), 0.1) for objects in (50, 3))


@check
def two_stages_that_have_not_learnt_are_judged_by_their_scores() -> None:
    from training.engine.exports import limits_for
    from training.engine.exports.comparison import Comparison
    from training.engine.exports.formats import SAME

    others = Comparison(2, 0.02, 2e-4, 2e-4, 3, 0.8, 1e-4)
    assert SAME.broken(others, None) and limits_for(SAME, "faster_rcnn", 0.3).broken(others, None)
    assert not limits_for(SAME, "faster_rcnn", 0.0).broken(others, None)
    assert not limits_for(SAME, "faster_rcnn", None).broken(others, None)
    assert limits_for(SAME, "ssd", 0.0) is SAME
    wrong = Comparison(2, 0.0, 0.0, 0.1, 3, 1.0, 0.0)
    assert limits_for(SAME, "faster_rcnn", 0.0).broken(wrong, None)


@check
def a_run_ends_with_the_first_format_that_works() -> None:
    from training.engine.exports import command

    folder, wrote, said = new_folder(), [], []
    subject = SimpleNamespace(run=SimpleNamespace(exports=folder))
    events = SimpleNamespace(write=lambda kind, **fields: said.append((kind, fields["format"])))
    broken: set[str] = {"onnx"}

    def export_all(subject: object, events: object, kinds: list[str], output: Path) -> None:
        if kinds[0] in broken:
            raise EngineError("export_mismatch", f"No {kinds[0]}.")
        wrote.append(output)

    with patch.object(command, "export_all", export_all):
        command.export_detector(subject, events)
        assert wrote == [folder / "frozen_graph"] and said == [("export_failed", "onnx")]
        broken.add("frozen_graph")
        try:
            command.export_detector(subject, events)
        except EngineError as error:
            assert error.sentence == "No onnx."
        else:
            raise AssertionError("nothing works, and nobody was told")
