"""Annotated copies of images: boxes with class and score drawn into the picture."""

from __future__ import annotations

from collections.abc import Mapping

from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from datasets.colours import class_colour
from training.engine.predictor import Detections

Font = ImageFont.ImageFont | ImageFont.FreeTypeFont

CASING = (20, 22, 24)


def annotate(picture: Pillow.Image, detections: Detections, names: Mapping[int, str]) -> Pillow.Image:
    """A copy of an RGB picture with its detections drawn, the surest on top."""
    copy = picture.copy()
    draw = ImageDraw.Draw(copy)
    stroke = max(2, round(max(picture.size) / 400))
    font = ImageFont.load_default(size=max(12, round(max(picture.size) / 50)))
    rows = list(zip(detections.class_ids, detections.scores, detections.boxes, strict=True))
    for class_id, score, box in reversed(rows):
        colour = class_colour(int(class_id))
        x1, y1, x2, y2 = (float(edge) for edge in box)
        if x2 <= x1 or y2 <= y1:
            continue
        draw.rectangle((x1 - 1, y1 - 1, x2 + 1, y2 + 1), outline=CASING, width=stroke + 2)
        draw.rectangle((x1, y1, x2, y2), outline=colour, width=stroke)
        text = f"{names.get(int(class_id), int(class_id))} {score:.2f}"
        draw_label(draw, text, (x1, y1), font, colour)
    return copy


def draw_label(draw: ImageDraw.ImageDraw, text: str, corner: tuple[float, float], font: Font, colour: str) -> None:
    """The text above the box's top left corner, or inside the box at the picture's upper edge."""
    left, top, right, bottom = draw.textbbox((0, 0), text, font=font)
    x, y = max(0.0, corner[0]), corner[1] - (bottom + 4)
    y = y if y >= 0 else max(0.0, corner[1])
    draw.rectangle((x, y, x + right + 6, y + bottom + 4), fill=CASING)
    draw.text((x + 3, y + 1), text, fill=colour, font=font)
