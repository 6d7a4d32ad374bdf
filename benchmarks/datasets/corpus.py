"""A labelImg set of any size: 640 x 480 JPEGs of some 85 kB with eight boxes in five classes, one in eighteen empty.

One box in ten is difficult, one in five truncated, one in twenty has a pose; one image in seven is verified.
"""

from __future__ import annotations

import io
import random
import struct
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

CLASSES = ("cat", "dog", "bird", "fish", "horse")
SIZE = (640, 480)
PICTURES = 40  # different pictures; a comment makes the bytes of each file its own


def write_corpus(folder: Path, count: int, seed: int = 20240601) -> None:
    chance, flags = random.Random(seed), random.Random(seed + 1)
    pictures = [picture(seed + n) for n in range(PICTURES)]
    (folder / "images").mkdir(parents=True, exist_ok=True)
    (folder / "annotations").mkdir(exist_ok=True)
    for n in range(count):
        comment = f"image {n}".encode()
        jpeg = pictures[n % PICTURES]
        marked = jpeg[:2] + b"\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment + jpeg[2:]
        (folder / "images" / f"{n:06}.jpg").write_bytes(marked)
        boxes = [] if chance.random() < 1 / 18 else [box(chance) for _ in range(8)]
        (folder / "annotations" / f"{n:06}.xml").write_text(annotation(f"{n:06}.jpg", boxes, flags))


def picture(seed: int) -> bytes:
    noise = np.random.default_rng(seed).integers(0, 256, (SIZE[1], SIZE[0], 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).filter(ImageFilter.GaussianBlur(0.9)).save(buffer, "JPEG", quality=78)
    return buffer.getvalue()


def box(chance: random.Random) -> tuple[str, int, int, int, int]:
    x1, y1 = chance.randint(1, 500), chance.randint(1, 380)
    return chance.choice(CLASSES), x1, y1, x1 + chance.randint(20, 139), y1 + chance.randint(20, 99)


def annotation(name: str, boxes: list[tuple[str, int, int, int, int]], flags: random.Random) -> str:
    objects = "".join(
        f"\n\t<object>\n\t\t<name>{label}</name>\n\t\t<pose>{'Left' if flags.random() < 0.05 else 'Unspecified'}</pose>"
        f"\n\t\t<truncated>{int(flags.random() < 0.2)}</truncated>"
        f"\n\t\t<difficult>{int(flags.random() < 0.1)}</difficult>\n\t\t<bndbox>\n\t\t\t<xmin>{x1}</xmin>"
        f"\n\t\t\t<ymin>{y1}</ymin>\n\t\t\t<xmax>{x2}</xmax>\n\t\t\t<ymax>{y2}</ymax>\n\t\t</bndbox>\n\t</object>"
        for label, x1, y1, x2, y2 in boxes
    )
    verified = ' verified="yes"' if flags.random() < 1 / 7 else ""
    return (
        f"<annotation{verified}>\n\t<folder>images</folder>\n\t<filename>{name}</filename>\n\t<size>"
        f"\n\t\t<width>{SIZE[0]}</width>\n\t\t<height>{SIZE[1]}</height>\n\t\t<depth>3</depth>\n\t</size>"
        f"\n\t<segmented>0</segmented>{objects}\n</annotation>\n"
    )
