"""The picture under a cut-out: the smallest stored copy that is sharp enough, so that no page loads vast originals."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from datasets.models import Image
from datasets.pieces import PIECE, SCREEN, grid_of, piece_url
from datasets.thumbnails import SIZES

#: x, y, width and height in pixels of the image.
View = tuple[float, float, float, float]


def cut_out(image: Image, view: View, shapes: SafeString, label: str, pixels: int) -> SafeString:
    """What lies in `view` with `shapes` over it, as SVG. `pixels`: how many the longer side of the view needs."""
    return format_html(
        '<svg viewBox="{} {} {} {}" role="img" aria-label="{}">{}{}</svg>',
        *(f"{value:.1f}" for value in view),
        label,
        format_html_join("", '<image href="{}" x="{}" y="{}" width="{}" height="{}"/>', parts(image, view, pixels)),
        shapes,
    )


def parts(image: Image, view: View, pixels: int) -> Iterator[tuple[str, int, int, int, int]]:
    """Address, x, y, width and height of the pictures that cover the view, the lowest first."""
    share = max(view[2:]) / max(image.width, image.height)
    whole = (0, 0, image.width, image.height)
    if share * SIZES["large"] >= pixels:
        yield image.large_thumb_url, *whole
    elif not image.is_vast or share * SCREEN >= pixels:
        yield image.screen_url, *whole
    else:
        yield image.large_thumb_url, *whole  # seen until the pieces are there, and outside of them
        yield from pieces(image, view)


def pieces(image: Image, view: View) -> Iterator[tuple[str, int, int, int, int]]:
    """The pieces of a vast image that the view touches."""
    x, y, width, height = view
    columns, rows = grid_of(image)
    for row in range(max(0, int(y // PIECE)), min(rows, int((y + height) // PIECE) + 1)):
        for column in range(max(0, int(x // PIECE)), min(columns, int((x + width) // PIECE) + 1)):
            left, top = column * PIECE, row * PIECE
            size = (min(PIECE, image.width - left), min(PIECE, image.height - top))
            yield piece_url(image, column, row), left, top, *size
