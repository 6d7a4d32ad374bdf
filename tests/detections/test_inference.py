from __future__ import annotations

import io

import pytest
from PIL import Image as Picture

from detections.inference import Detected, Problem, Source, detect_images, load_predictor
from detections.pictures import PictureError, image_files, preview_bytes, read_upright
from sw_site.lib.errors import UserError
from tests.detections.builders import FOUND, bad_files, huge_png, make_detector, turned_picture
from tests.factories import make_model, picture_bytes
from tests.fakes.onnx_model import write_onnx_model
from training.engine.predictor import get_predictor


@pytest.fixture
def predictor(tmp_path):
    return get_predictor(write_onnx_model(tmp_path / "onnx", {1: "BB-8"}, [FOUND, (1, 0.2, 0, 0, 0.5, 0.5)]))


def test_boxes_are_pixels_of_the_image(predictor):
    (found,) = detect_images(predictor, [Source("a.jpg", io.BytesIO(picture_bytes(400, 300)))])
    assert isinstance(found, Detected)
    assert found.detections.boxes[0] == pytest.approx([22, 30, 122, 150], abs=1e-3)
    assert found.detections.scores == pytest.approx([0.9, 0.2])


def test_turned_photo_is_detected_upright(predictor):
    (found,) = detect_images(predictor, [Source("turned.jpg", io.BytesIO(turned_picture(400, 300)))])
    assert isinstance(found, Detected)
    assert found.picture.size == (300, 400)
    assert found.detections.boxes[1] == pytest.approx([0, 0, 150, 200], abs=1e-3)


def test_bad_files_are_listed_and_the_rest_goes_on(predictor, tmp_path):
    expected = bad_files(tmp_path) | {"missing.jpg": "not_found"}
    (tmp_path / "good.jpg").write_bytes(picture_bytes())
    sources = [Source(name, tmp_path / name) for name in [*expected, "good.jpg"]]
    results = list(detect_images(predictor, sources))
    problems = {result.file: result.code for result in results if isinstance(result, Problem)}
    assert problems == expected
    assert [result.source.name for result in results if isinstance(result, Detected)] == ["good.jpg"]


def test_every_source_gets_one_result_over_many_batches(predictor):
    sources = [Source(str(n), io.BytesIO(picture_bytes(40 + n % 3, 30))) for n in range(19)]
    assert [result.source.name for result in detect_images(predictor, sources)] == [str(n) for n in range(19)]


def test_few_decoded_images_are_held_at_a_time(predictor, monkeypatch):
    monkeypatch.setattr("detections.inference.BATCH_PIXELS", 2 * 400 * 300)
    read: list[str] = []

    def sources():
        for n in range(6):
            read.append(str(n))
            yield Source(str(n), io.BytesIO(picture_bytes()))

    results = detect_images(predictor, sources())
    next(results)
    assert read == ["0", "1"]


@pytest.mark.parametrize(
    ("mode", "kind"), [("L", "JPEG"), ("CMYK", "JPEG"), ("RGBA", "PNG"), ("P", "PNG"), ("I;16", "PNG"), ("1", "TIFF")]
)
def test_every_mode_becomes_rgb(mode, kind):
    buffer = io.BytesIO()
    Picture.new(mode, (30, 20)).save(buffer, kind)
    picture = read_upright(buffer)
    assert (picture.mode, picture.size) == ("RGB", (30, 20))


def test_huge_image_is_refused_before_it_is_decoded():
    with pytest.raises(PictureError, match="60,000 x 60,000"):
        read_upright(io.BytesIO(huge_png()))


def test_other_formats_are_refused():
    with pytest.raises(PictureError) as error:
        read_upright(io.BytesIO(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n"))
    assert error.value.code == "not_an_image"


def test_preview_is_small_and_keeps_the_shape():
    with Picture.open(io.BytesIO(preview_bytes(Picture.new("RGB", (4000, 1000))))) as preview:
        assert (preview.format, preview.size) == ("JPEG", (1280, 320))


def test_image_files_are_found_below_a_folder(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / ".hidden").mkdir()
    for name in ("z.JPG", "b/a.png", "notes.xml", ".hidden/c.jpg"):
        (tmp_path / name).write_bytes(b"")
    assert [path.relative_to(tmp_path).as_posix() for path in image_files(tmp_path)] == ["b/a.png", "z.JPG"]


@pytest.mark.django_db
def test_model_without_its_files_says_what_to_do():
    with pytest.raises(UserError, match="cannot be loaded.*restore them from a backup"):
        load_predictor(make_model())


@pytest.mark.django_db
def test_model_with_a_damaged_graph_says_what_to_do():
    model = make_detector()
    (model.detector_folder / "model.onnx").write_bytes(b"not a graph")
    with pytest.raises(UserError) as error:
        load_predictor(model)
    assert error.value.code == "model_unusable"
