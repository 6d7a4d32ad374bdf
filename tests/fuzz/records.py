"""TFRecords whose frames are whole and whose contents are not what they say."""

from __future__ import annotations

import io
from random import Random
from typing import Any

from google.protobuf.message import DecodeError

from datasets.formats.example_proto import Example, values
from datasets.formats.tfrecord import frame, read_frames
from tests.fuzz import nasty
from tests.fuzz.raw import damaged


def changed_record(data: bytes, random: Random, others: list[bytes]) -> bytes:
    if random.random() < 0.25:
        return damaged(data, random, others)
    frames = []
    for _, content in read_frames(io.BytesIO(data)):
        example = Example.FromString(content)
        for _ in range(random.randint(0, 4)):
            _change(example, random)
        found = example.SerializeToString()
        frames.append(frame(damaged(found, random, [found]) if random.random() < 0.15 else found))
    return b"".join(frames * random.choice((1, 1, 1, 3)))


def _change(example: Any, random: Random) -> None:
    key = random.choice(sorted(example.features.feature) or ["image/filename"])
    feature, held, kind = example.features.feature[key], values(example, key), random.randrange(6)
    if kind == 0:
        del example.features.feature[key]
    elif kind == 1:
        _set(feature, held[:-1] if random.random() < 0.5 else held + held)
    elif kind == 2:
        feature.Clear()
        feature.float_list.value.extend(random.choice((float("nan"), -1e30, 1e38, 0.5)) for _ in range(3))
    elif kind == 3:
        feature.Clear()
        feature.int64_list.value.extend(random.choice((0, -1, 2**62, 1)) for _ in range(3))
    elif kind == 4:
        feature.Clear()
        feature.bytes_list.value.extend([nasty.text(random).encode("utf-8", "surrogatepass")] * random.choice((1, 3)))
    else:
        example.features.feature[nasty.text(random).encode("utf-8", "replace").decode()].CopyFrom(feature)


def _set(feature: Any, found: list[Any]) -> None:
    held = getattr(feature, feature.WhichOneof("kind") or "bytes_list").value
    try:
        held[:] = found
    except (TypeError, DecodeError):
        del held[:]
