"""One way from an image file to RGB pixels, used for records, evaluation and detection alike."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from training.engine.errors import EngineError

Pixels = NDArray[np.uint8]

# What both TensorFlow's decoder and Pillow turn into the same three channels. MPO is a JPEG with more behind it, which
# many telephones write.
FORMATS = {"JPEG": "jpeg", "MPO": "jpeg", "PNG": "png"}
PASSED_THROUGH = ("RGB", "L")
UNREADABLE = (OSError, SyntaxError, ValueError, Image.DecompressionBombError)
ORIENTATION = 0x0112  # EXIF: how the camera was held; 1 means upright
TURNED = range(2, 9)


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


def encode_for_record(
    path: Path, name: str, size: tuple[int, int], decodes: Callable[[bytes, str], bool] | None = None
) -> tuple[bytes, str]:
    """Reads an image file for a TFRecord: the encoded bytes and their format, `jpeg` or `png`.

    Upright RGB and grey JPEG and PNG files are passed through as they are if `decodes(bytes, format)` takes them (by
    default: if Pillow decodes them); everything else becomes a PNG, turned upright. Raises `EngineError` when the file
    is missing, does not decode to the end, or is not `size` (width, height) pixels when upright.
    """
    try:
        encoded = path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a name no file can have
        raise unreachable(name, error) from error
    try:
        with Image.open(io.BytesIO(encoded)) as image:
            kind = FORMATS.get(image.format or "", "") if image.mode in PASSED_THROUGH else ""
            if kind and image.getexif().get(ORIENTATION) not in TURNED and (decodes or loads)(encoded, kind):
                actual = image.size
            else:
                pixels = to_pixels(ImageOps.exif_transpose(image))
                encoded, kind, actual = encode_png(pixels), "png", (pixels.shape[1], pixels.shape[0])
    except UNREADABLE as error:
        raise EngineError(
            "image_unreadable", f"{name} could not be decoded ({error}); remove it from the dataset or upload it again."
        ) from error
    if actual != size:
        raise EngineError(
            "image_changed",
            f"{name} is {actual[0]}x{actual[1]} pixels but was labelled at {size[0]}x{size[1]}; import it again.",
        )
    return encoded, kind


def unreachable(name: str, error: Exception) -> EngineError:
    if isinstance(error, FileNotFoundError):
        return EngineError("image_missing", f"The file of {name} is missing; upload the image again.")
    reason = getattr(error, "strerror", None) or error
    return EngineError("image_missing", f"The file of {name} cannot be read ({reason}); check it or upload it again.")


def loads(encoded: bytes, kind: str) -> bool:
    """Whether Pillow decodes the image to its end; raises one of `UNREADABLE` when it does not."""
    with Image.open(io.BytesIO(encoded)) as image:
        image.load()
    return True


def encode_png(pixels: Pixels) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG")
    return buffer.getvalue()
