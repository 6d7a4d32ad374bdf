"""Image files to detect on: decoded, upright, RGB; or a sentence about why not."""

from __future__ import annotations

import io
from pathlib import Path
from typing import BinaryIO

from PIL import Image as Pillow
from PIL import ImageOps

from datasets.pictures import MAX_PIXELS, SUFFIXES
from training.engine.images import to_pixels

#: Opened as JPEG: also the two-picture files (MPO) that phones write.
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF")
#: Longest side of the copy a page shows, in pixels.
PREVIEW_SIZE = 1280


class PictureError(Exception):
    """A file that cannot be detected on. `code` is stable for programs; the text is for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def read_upright(file: Path | BinaryIO) -> Pillow.Image:
    """The picture as 8-bit RGB, turned as its EXIF data says; of animations the first frame.

    Raises PictureError: `not_found`, `not_an_image`, `image_too_large` (refused before decoding) or
    `image_does_not_decode`.
    """
    try:
        with Pillow.open(file, formats=FORMATS) as picture:
            width, height = picture.size
            if width * height > MAX_PIXELS:
                raise PictureError(
                    "image_too_large",
                    f"It has {width:,} x {height:,} pixels; {MAX_PIXELS:,} in all is the most. Make it smaller first.",
                )
            picture.load()
            return Pillow.fromarray(to_pixels(ImageOps.exif_transpose(picture)))
    except PictureError:
        raise
    except FileNotFoundError as error:
        raise PictureError("not_found", "There is no such file. Check its name.") from error
    except Pillow.UnidentifiedImageError as error:
        raise PictureError(
            "not_an_image",
            "It is not an image the site can read (JPEG, PNG, WebP, BMP, GIF or TIFF). Save it again as JPEG or PNG.",
        ) from error
    except Exception as error:  # decoders raise OSError, SyntaxError, ValueError, struct.error ... on broken bytes
        raise PictureError(
            "image_does_not_decode", f"It is damaged or cut short ({error}). Get a whole copy of it."
        ) from error


def preview_bytes(picture: Pillow.Image) -> bytes:
    """A JPEG copy for pages, at most PREVIEW_SIZE pixels on its longest side; WebP takes longer than the model does."""
    small = picture.copy()
    small.thumbnail((PREVIEW_SIZE, PREVIEW_SIZE), reducing_gap=2.0)
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def image_files(folder: Path) -> list[Path]:
    """Every image file below a folder by its name's ending, sorted; hidden files and folders are left out."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in SUFFIXES
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and path.is_file()
    )
