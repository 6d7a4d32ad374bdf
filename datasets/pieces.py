"""Pictures of very many pixels for the editor: a screen-sized copy to begin with, and pieces of the full size.

A browser needs seconds, and 0.6 GB, to decode 12,000 x 12,000 pixels each time it is zoomed; pieces of 1024 x 1024
are decoded as they come into sight. Boxes are always in pixels of the picture itself.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator

from django.core.files.storage import default_storage
from django.urls import reverse
from PIL import Image as Pillow

from datasets.models import Image
from datasets.storage import store

#: Longest side of the screen-sized copy, and side of a piece, in pixels.
SCREEN, PIECE = 3000, 1024
QUALITY = 95
#: Cutting needs three bytes a pixel, 432 MB for the largest picture: one at a time in a process.
_CUTTING = threading.Lock()


def screen_name(image: Image) -> str:
    return f"pieces/{image.sha256[:2]}/{image.sha256}/screen.jpg"


def piece_name(image: Image, column: int, row: int) -> str:
    return f"pieces/{image.sha256[:2]}/{image.sha256}/{column}-{row}.jpg"


def piece_url(image: Image, column: int, row: int) -> str:
    return reverse("datasets:image-piece", args=[image.pk, image.sha256[:12], column, row])


def grid_of(image: Image) -> tuple[int, int]:
    """Columns and rows of pieces; those at the right and lower edge are smaller."""
    return -(-image.width // PIECE), -(-image.height // PIECE)


def ensure_screen(image: Image) -> str:
    """Storage name of the screen-sized copy, made now if there is none.

    Raises:
        FileNotFoundError: the picture is gone from the storage.
    """
    name = screen_name(image)
    if not default_storage.exists(name):
        with default_storage.open(image.file) as file, Pillow.open(file) as picture:
            picture.draft("RGB", (SCREEN, SCREEN))  # JPEG decodes straight to a smaller size
            small = _plain(picture)
        small.thumbnail((SCREEN, SCREEN), Pillow.Resampling.BILINEAR, reducing_gap=2.0)
        store(name, _encoded(small, 85))
    return name


def ensure_piece(image: Image, column: int, row: int) -> str | None:
    """Storage name of a piece; all of the picture are cut when the first is asked for. None where there is none.

    Raises:
        FileNotFoundError: the picture is gone from the storage.
    """
    columns, rows = grid_of(image)
    if not (image.is_vast and column < columns and row < rows):
        return None
    name = piece_name(image, column, row)
    if not default_storage.exists(name):
        cut(image)
    return name


def cut(image: Image) -> None:
    """Store all pieces; the last one last, which tells that none is missing."""
    columns, rows = grid_of(image)
    with _CUTTING:
        if default_storage.exists(piece_name(image, columns - 1, rows - 1)):
            return
        with default_storage.open(image.file) as file, Pillow.open(file) as picture:
            whole = _plain(picture)
        for column, row in _places(columns, rows):
            left, top = column * PIECE, row * PIECE
            piece = whole.crop((left, top, min(left + PIECE, image.width), min(top + PIECE, image.height)))
            store(piece_name(image, column, row), _encoded(piece, QUALITY))


def _places(columns: int, rows: int) -> Iterator[tuple[int, int]]:
    return ((column, row) for row in range(rows) for column in range(columns))


def _plain(picture: Pillow.Image) -> Pillow.Image:
    """The decoded picture as a JPEG can hold it; no copy of one that is so already."""
    if picture.mode not in ("L", "RGB"):
        return picture.convert("RGB")
    picture.load()
    return picture


def _encoded(picture: Pillow.Image, quality: int) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality, subsampling=0)
    return buffer.getvalue()
