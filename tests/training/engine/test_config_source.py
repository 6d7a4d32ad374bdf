"""What is seen of a config before TensorFlow is chosen a way."""

from __future__ import annotations

import pytest

from training.engine.config_import import way_of
from training.engine.errors import EngineError

MODEL = "model { ssd { feature_extractor { %s } } }"


@pytest.mark.parametrize(
    ("text", "way"),
    [
        (MODEL % "type: 'ssd_inception_v2'", "tf1"),
        (MODEL % 'min_depth: 16\n type:"ssd_mobilenet_v2_fpn_keras"', "tf2"),
        (MODEL % 'fpn { min_level: 3 } type: "ssd_mobilenet_v1_fpn_keras"', "tf2"),
        (MODEL % '# type: "ssd_inception_v2"\n type: "ssd_efficientnet-b0_bifpn_keras"', "tf2"),
        ('\ufeffmodel { center_net { feature_extractor: { type: "hourglass_104" } } }', "tf2"),
        (MODEL % 'type: "faster_rcnn_resnet101"', "tf1"),
    ],
)
def test_the_way_is_that_of_the_network(tmp_path, text, way):
    (tmp_path / "x.config").write_text(text, encoding="utf-8")
    assert way_of(tmp_path / "x.config") == way


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "no feature extractor"),
        (b"<html></html>", "no feature extractor"),
        (b'# type: "ssd_inception_v2"', "no feature extractor"),
        (b"model {\n\xff\xfe", "line 2"),
        (b"model\0", "not a text file"),
        (b" " * 1_000_001, "megabyte"),
        (None, "missing"),
    ],
)
def test_what_is_no_config(tmp_path, content, word):
    if content is not None:
        (tmp_path / "x.config").write_bytes(content)
    with pytest.raises(EngineError, match=word) as caught:
        way_of(tmp_path / "x.config")
    assert caught.value.code == "bad_config"
