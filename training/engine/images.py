"""One way from an image file to RGB pixels, used for records, evaluation and detection alike."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from training.engine.errors import EngineError

Pixels = NDArray[np.uint8]

# What both TensorFlow's decoder and Pillow turn into the same three channels.
PASSED_THROUGH = {("JPEG", "RGB"), ("JPEG", "L"), ("PNG", "RGB"), ("PNG", "L")}


def to_pixels(image: Image.Image) -> Pixels:
    """The image as uint8 RGB [height, width, 3]; 16-bit grey is scaled, transparency is dropped."""
    if image.mode.startswith("I;16"):
        grey = (np.asarray(image) >> 8).astype(np.uint8)
        return np.repeat(grey[..., None], 3, axis=2)
    return np.asarray(image.convert("RGB"), dtype=np.uint8)


def decode(encoded: bytes) -> Pixels:
    """RGB pixels [height, width, 3] of an encoded image."""
    with Image.open(io.BytesIO(encoded)) as image:
        return to_pixels(image)


def encode_for_record(path: Path, name: str, size: tuple[int, int]) -> tuple[bytes, str]:
    """Reads an image file for a TFRecord: the encoded bytes and their format, `jpeg` or `png`.

    RGB and grey JPEG and PNG files are passed through as they are; everything else becomes a PNG. Raises `EngineError`
    when the file is missing, does not decode to the end, or is not `size` (width, height) pixels.
    """
    try:
        encoded = path.read_bytes()
    except FileNotFoundError as error:
        raise EngineError("image_missing", f"The file of {name} is missing; upload the image again.") from error
    try:
        with Image.open(io.BytesIO(encoded)) as image:
            image.load()
            actual, kind = image.size, (image.format or "", image.mode)
            pixels = None if kind in PASSED_THROUGH else to_pixels(image)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise EngineError(
            "image_unreadable", f"{name} could not be decoded ({error}); remove it from the dataset or upload it again."
        ) from error
    if actual != size:
        raise EngineError(
            "image_changed",
            f"{name} is {actual[0]}x{actual[1]} pixels but was labelled at {size[0]}x{size[1]}; import it again.",
        )
    return (encoded, kind[0].lower()) if pixels is None else (encode_png(pixels), "png")


def encode_png(pixels: Pixels) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG")
    return buffer.getvalue()
