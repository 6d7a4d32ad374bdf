"""Records written in pieces are records like others, and the picture in them is known by its hash."""

from __future__ import annotations

import hashlib
import io

import pytest

from datasets.exporting.items import ExportItem
from datasets.exporting.writers import digest
from datasets.formats.example_proto import Example, values
from datasets.formats.records import AnnotationRecord, BoxRecord
from datasets.formats.tfrecord import example_pieces, frame, frame_pieces, read_frames, write_example

RECORD = AnnotationRecord("ü.jpg", 640, 480, (BoxRecord("c", 1, 2, 300, 400.5, True, pose="Left"),), True)


@pytest.mark.parametrize("size", [1, 127, 128, 16_384, 3_000_000])
def test_pictures_of_any_length_stand_in_the_record_as_they_are(size):
    picture = bytes(range(256)) * (size // 256 + 1)
    picture = picture[:size]
    data = write_example(RECORD, {"c": 7}, picture, "jpeg")
    example = Example.FromString(data)
    assert values(example, "image/encoded") == [picture]
    assert values(example, "image/key/sha256") == [hashlib.sha256(picture).hexdigest().encode()]
    assert values(example, "image/object/class/label") == [7] and values(example, "image/format") == [b"jpeg"]
    assert len(Example.FromString(data).SerializeToString()) == len(data)


def test_a_frame_of_pieces_is_the_frame_of_the_whole():
    pieces = example_pieces(RECORD, {"c": 7}, b"picture", "png", "0")
    whole = frame(b"".join(pieces))
    assert b"".join(frame_pieces(*pieces)) == whole == frame(*pieces)
    assert [data for _, data in read_frames(io.BytesIO(whole * 2))] == [b"".join(pieces)] * 2


def test_the_hash_is_that_of_the_picture_which_goes_out():
    name = hashlib.sha256(b"as it came").hexdigest()
    plain = ExportItem(1, RECORD, f"images/00/{name}.jpg", "")
    turned = ExportItem(1, RECORD, f"images/00/{name}-upright.jpg", "")
    assert digest(plain, b"as it came") == name
    assert digest(turned, b"turned") == hashlib.sha256(b"turned").hexdigest()
