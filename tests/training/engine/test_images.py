"""Image files on their way into records."""

import io

import numpy as np
import pytest
from PIL import Image

from training.engine.errors import EngineError
from training.engine.images import decode, encode_for_record, to_pixels

SIZE = (30, 20)


def save(path, mode="RGB", **options):
    image = Image.new(mode, SIZE, 90 if mode in ("L", "I;16") else None)
    image.save(path, **options)
    return path


@pytest.mark.parametrize(("name", "mode"), [("a.jpg", "RGB"), ("a.jpg", "L"), ("a.png", "RGB"), ("a.png", "L")])
def test_common_files_are_passed_through(tmp_path, name, mode):
    path = save(tmp_path / name, mode)
    encoded, kind = encode_for_record(path, name, SIZE)
    assert encoded == path.read_bytes()
    assert kind == ("jpeg" if name.endswith("jpg") else "png")
    assert decode(encoded).shape == (20, 30, 3)


@pytest.mark.parametrize(
    ("name", "mode"), [("a.png", "RGBA"), ("a.png", "P"), ("a.png", "I;16"), ("a.jpg", "CMYK"), ("a.bmp", "RGB")]
)
def test_everything_else_becomes_an_rgb_png_of_the_same_pixels(tmp_path, name, mode):
    path = save(tmp_path / name, mode)
    encoded, kind = encode_for_record(path, name, SIZE)
    with Image.open(io.BytesIO(encoded)) as written, Image.open(path) as original:
        assert (kind, written.format, written.mode, written.size) == ("png", "PNG", "RGB", SIZE)
        assert np.array_equal(np.asarray(written), to_pixels(original))


def test_sixteen_bit_grey_is_scaled_not_cut_off():
    grey = Image.fromarray(np.full((20, 30), 0x8000, np.uint16))
    assert grey.mode == "I;16"
    assert np.all(to_pixels(grey) == 0x80)


def refusal(path) -> EngineError:
    with pytest.raises(EngineError) as caught:
        encode_for_record(path, "photo.jpg", SIZE)
    return caught.value


def test_missing_file(tmp_path):
    assert refusal(tmp_path / "gone.jpg").code == "image_missing"


def test_truncated_file(tmp_path):
    noise = np.random.default_rng(1).integers(0, 255, (20, 30, 3), np.uint8)
    path = tmp_path / "a.jpg"
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[:-200])
    error = refusal(path)
    assert error.code == "image_unreadable"
    assert "photo.jpg" in error.sentence


def test_not_an_image(tmp_path):
    (tmp_path / "a.jpg").write_text("hello")
    assert refusal(tmp_path / "a.jpg").code == "image_unreadable"


def test_another_size_than_was_labelled(tmp_path):
    path = tmp_path / "a.png"
    Image.new("RGB", (20, 30)).save(path)
    assert refusal(path).code == "image_changed"


@pytest.mark.parametrize("name", ["a.jpg", "a.png"])
def test_a_turned_photograph_is_written_upright(tmp_path, name):
    """The boxes are drawn on the upright picture, and TensorFlow does not read EXIF."""
    stored = Image.fromarray(np.random.default_rng(1).integers(0, 255, (20, 30, 3), np.uint8))
    exif = stored.getexif()
    exif[0x0112] = 6  # to be turned clockwise by a quarter
    stored.save(tmp_path / name, exif=exif, quality=95) if name == "a.jpg" else stored.save(tmp_path / name, exif=exif)
    encoded, kind = encode_for_record(tmp_path / name, name, (20, 30))
    with Image.open(tmp_path / name) as image:
        upright = np.asarray(image.convert("RGB").rotate(-90, expand=True))
    assert kind == "png"
    assert np.array_equal(decode(encoded), upright)
    with pytest.raises(EngineError, match="20x30 pixels but was labelled at 30x20"):
        encode_for_record(tmp_path / name, name, (30, 20))


def test_a_telephone_s_double_picture_is_passed_through(tmp_path):
    first, second = (Image.new("RGB", SIZE, colour) for colour in ("red", "blue"))
    first.save(tmp_path / "a.jpg", format="MPO", save_all=True, append_images=[second])
    encoded, kind = encode_for_record(tmp_path / "a.jpg", "a.jpg", SIZE)
    assert (kind, encoded) == ("jpeg", (tmp_path / "a.jpg").read_bytes())


def test_what_the_training_s_decoder_refuses_is_encoded_anew(tmp_path):
    path = save(tmp_path / "a.jpg")
    encoded, kind = encode_for_record(path, "a.jpg", SIZE, decodes=lambda encoded, kind: False)
    assert kind == "png"
    assert np.array_equal(decode(encoded), decode(path.read_bytes()))


def test_names_no_file_can_have(tmp_path):
    assert refusal(tmp_path / "a\0.jpg").code == "image_missing"
    assert "cannot be read" in refusal(tmp_path).sentence
