"""Hangar: a wide gate to the sky, girders with lamps, a parked ship and a polished floor with markings."""

from __future__ import annotations

from PIL import Image

from datasets.demo.paint import Colour, mix, oval
from datasets.demo.stage import Canvas, Stage

STEEL: Colour = (122, 136, 152)
DARK: Colour = (62, 72, 92)
FLOOR: Colour = (150, 160, 170)
MARKS: tuple[Colour, ...] = ((244, 196, 72), (240, 240, 236), (226, 116, 84))
HULLS: tuple[Colour, ...] = ((226, 226, 222), (120, 150, 176), (212, 150, 96))


def paint(stage: Stage) -> Image.Image:
    canvas, (_, height) = stage.canvas(), stage.size
    canvas.fill(0, stage.horizon + 12, (DARK, mix(STEEL, DARK, 0.5), STEEL))
    _ribs(canvas, stage)
    _gate(canvas, stage)
    canvas.fill(stage.horizon + 10, height, (mix(FLOOR, STEEL, 0.4), FLOOR, mix(FLOOR, DARK, 0.25)))
    _markings(canvas, stage)
    _ship(canvas, stage)
    _lamps(canvas, stage)
    return canvas.finish()


def _ribs(canvas: Canvas, stage: Stage) -> None:
    width = stage.size[0]
    for x in range(-10, width + 40, 46):
        canvas.polygon(
            [(x, 0), (x + 10, 0), (x + 10, stage.horizon + 12), (x, stage.horizon + 12)], mix(STEEL, DARK, 0.45)
        )
    for share in (0.1, 0.26):
        y = stage.horizon * share
        canvas.line([(0, y), (width, y)], 4, DARK)
        for x in range(0, width, 24):
            canvas.line([(x, y), (x + 12, y + stage.horizon * 0.16), (x + 24, y)], 1.6, DARK)


def _gate(canvas: Canvas, stage: Stage) -> None:
    """The opening: the mood's sky above a line of far hills."""
    rng, width, foot = stage.rng, stage.size[0], stage.horizon + 10
    half, middle, top = width * rng.uniform(0.2, 0.32), width * rng.uniform(0.3, 0.7), stage.horizon * 0.4
    frame = [(middle - half - 8, foot), (middle - half * 0.8 - 8, top - 8), (middle + half * 0.8 + 8, top - 8)]
    canvas.polygon([*frame, (middle + half + 8, foot)], DARK)
    opening = [(middle - half, foot), (middle - half * 0.8, top), (middle + half * 0.8, top), (middle + half, foot)]
    canvas.polygon(opening, mix(stage.mood.sky[1], stage.mood.sky[2], 0.4), lit=False)
    hills = [(middle - half, foot), (middle - half * 0.95, foot - 12), (middle - half * 0.3, foot - 20)]
    hills += [(middle + half * 0.4, foot - 9), (middle + half * 0.96, foot - 16), (middle + half, foot)]
    canvas.polygon(hills, mix(stage.mood.haze, (90, 100, 130), 0.4), lit=False)
    canvas.glow((middle, (top + foot) / 2), half, stage.mood.sky[2], 0.28)


def _markings(canvas: Canvas, stage: Stage) -> None:
    rng, (width, height) = stage.rng, stage.size
    eye, paint_ = (width * rng.uniform(0.35, 0.65), stage.horizon - 10), rng.choice(MARKS)
    seam = mix(FLOOR, DARK, 0.3)
    for x in range(-width, 2 * width, 90):
        canvas.line([(x, height), (eye[0] + (x - eye[0]) * 0.15, stage.horizon + 12)], 0.9, seam)
    for share in (0.08, 0.2, 0.4, 0.7):
        y = stage.horizon + (height - stage.horizon) * share
        canvas.line([(0, y), (width, y)], 0.5 + share, seam)
    for left in (0.08, 0.78):
        start, far = width * left, 0.15
        stripe = [(start, height), (start + 26, height)]
        canvas.polygon(
            [*stripe, *((eye[0] + (x - eye[0]) * far, stage.horizon + 14) for x in (start + 26, start))], paint_
        )
    canvas.wash(oval((width / 2, stage.horizon + 40), (width * 0.3, 30)), canvas.lit((255, 255, 255)), 0.30, 18)


def _ship(canvas: Canvas, stage: Stage) -> None:
    """A little shuttle parked at the back, on two skids."""
    rng, width = stage.rng, stage.size[0]
    hull, x, foot = rng.choice(HULLS), width * rng.choice((0.16, 0.84)), stage.horizon + 22
    long, tall = rng.uniform(60, 90), rng.uniform(24, 34)
    canvas.wash(oval((x, foot), (long, 6)), (20, 24, 40), 0.4, 4)
    for shift in (-0.5, 0.4):
        canvas.line([(x + shift * long, foot - tall * 0.4), (x + shift * long, foot)], 3, DARK)
    canvas.disc((x, foot - tall * 0.75), (long, tall * 0.5), hull)
    canvas.polygon(
        [(x - long * 0.9, foot - tall * 0.8), (x - long, foot - tall * 1.9), (x - long * 0.4, foot - tall)], hull
    )
    canvas.polygon(oval((x + long * 0.35, foot - tall * 0.95), (long * 0.34, tall * 0.5), 180, 360), (96, 170, 200))
    canvas.line([(x - long * 0.8, foot - tall * 0.62), (x + long * 0.9, foot - tall * 0.62)], 3, mix(hull, DARK, 0.5))


def _lamps(canvas: Canvas, stage: Stage) -> None:
    for share in (0.18, 0.5, 0.82):
        x, y = stage.size[0] * share, stage.horizon * 0.3
        canvas.polygon([(x - 9, y + 6), (x - 4, y), (x + 4, y), (x + 9, y + 6)], DARK)
        canvas.disc((x, y + 6), (8, 2.5), (255, 246, 214), lit=False)
        canvas.glow((x, y + 8), 26, (255, 226, 170), 0.25 + 0.25 * stage.mood.glow)
