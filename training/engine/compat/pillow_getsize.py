"""`ImageFont.getsize`, removed in Pillow 10, which the API calls to place the names of boxes on pictures."""

from __future__ import annotations

from typing import Any

from PIL import ImageFont


def getsize(font: Any, text: str, *args: Any, **kwargs: Any) -> tuple[float, float]:
    """Width and height in pixels of the text drawn at the origin, as Pillow 9 gave them."""
    _, _, right, bottom = font.getbbox(text, *args, **kwargs)
    return right, bottom


def install() -> None:
    for font in (ImageFont.ImageFont, ImageFont.FreeTypeFont, ImageFont.TransposedFont):
        if not hasattr(font, "getsize"):
            font.getsize = getsize  # type: ignore[union-attr]
