import io
import struct
import zlib

import pytest
from PIL import Image as Pillow

from datasets.formats.records import FormatError
from datasets.geometry import turn_edges
from datasets.pictures import inspect_picture
from tests.factories import picture_bytes


def encoded(picture: Pillow.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def test_a_plain_photo_is_taken_as_it_is():
    picture = inspect_picture(picture_bytes(400, 300))
    assert (picture.width, picture.height, picture.orientation, picture.upright) == (400, 300, 1, None)
    assert picture.original_name == picture.upright_name


@pytest.mark.parametrize("orientation", range(2, 9))
def test_a_turned_photo_is_made_upright_and_boxes_turn_with_it(orientation):
    raw = Pillow.new("RGB", (60, 40), "black")
    raw.paste("white", (10, 5, 30, 15))
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    picture = inspect_picture(encoded(raw, "PNG", exif=exif))
    assert picture.orientation == orientation and picture.original_name != picture.upright_name
    upright = Pillow.open(io.BytesIO(picture.upright)).convert("L")
    assert upright.size == (picture.width, picture.height)
    assert upright.point(lambda v: 255 if v > 128 else 0).getbbox() == turn_edges((10, 5, 30, 15), orientation, 60, 40)


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        ("CMYK", "JPEG"),
        ("I;16", "PNG"),
        ("RGBA", "WEBP"),
        ("P", "GIF"),
        ("RGB", "BMP"),
        ("RGB", "TIFF"),
        ("RGB", "WEBP"),
    ],
)
def test_unusual_pictures_become_plain_ones(mode, kind):
    picture = inspect_picture(encoded(Pillow.new(mode, (30, 20)), kind))
    plain = Pillow.open(io.BytesIO(picture.upright))
    assert plain.format in ("JPEG", "PNG") and plain.mode in ("RGB", "L", "RGBA") and plain.size == (30, 20)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_file_cut_short_is_refused(kind):
    whole = encoded(Pillow.effect_noise((300, 200), 60).convert("RGB"), kind)
    with pytest.raises(FormatError) as error:
        inspect_picture(whole[: len(whole) // 2])
    assert error.value.code == "image_truncated"


@pytest.mark.parametrize(
    "data", [b"", b"hello", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\xff\xd8\xff\xe0broken"]
)
def test_what_is_no_image_is_refused(data):
    with pytest.raises(FormatError) as error:
        inspect_picture(data)
    assert error.value.code in ("image_does_not_decode", "image_truncated")


def test_a_pixel_bomb_is_refused_without_decoding():
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    with pytest.raises(FormatError) as error:
        inspect_picture(png)
    assert error.value.code == "image_too_large"
