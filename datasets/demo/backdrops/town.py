"""Desert town: plastered houses with domes and round doors, strings of pennants, paving."""

from __future__ import annotations

from PIL import Image

from datasets.demo.backdrops.heavens import clouds, stars, sun
from datasets.demo.paint import Colour, mix, oval
from datasets.demo.stage import Canvas, Stage

WALLS: tuple[Colour, ...] = ((240, 220, 190), (232, 196, 160), (222, 204, 184), (236, 208, 170))
DOMES: tuple[Colour, ...] = ((236, 214, 184), (96, 150, 170), (206, 140, 112))
FLAGS: tuple[Colour, ...] = ((232, 120, 92), (250, 200, 92), (94, 170, 160), (240, 236, 220))
PAVING: Colour = (222, 194, 156)


def paint(stage: Stage) -> Image.Image:
    canvas, (width, height) = stage.canvas(), stage.size
    canvas.sky(stage.horizon + 8)
    stars(canvas, stage)
    sun(canvas, stage)
    clouds(canvas, stage, 2)
    for far in (True, False):
        x = stage.rng.uniform(-60, -10)
        while x < width:
            x = _house(canvas, stage, x, far) + (stage.rng.uniform(-6, 30) if far else stage.rng.uniform(10, 70))
    canvas.fill(
        stage.horizon + 6, height, (mix(PAVING, stage.mood.haze, 0.25), PAVING, mix(PAVING, (150, 110, 90), 0.3))
    )
    _paving(canvas, stage)
    _pennants(canvas, stage)
    return canvas.finish()


def _house(canvas: Canvas, stage: Stage, left: float, far: bool) -> float:
    """One house from its left edge; returns its right edge."""
    rng = stage.rng
    wide, tall = rng.uniform(60, 110), stage.horizon * rng.uniform(0.36, 0.6) * (0.8 if far else 0.72)
    foot, top = stage.horizon + 8, stage.horizon + 8 - tall
    wall = mix(rng.choice(WALLS), stage.mood.haze, 0.45 if far else 0.12)
    middle, right = left + wide / 2, left + wide
    if rng.random() < 0.55:
        dome = mix(rng.choice(DOMES), stage.mood.haze, 0.4 if far else 0.1)
        canvas.polygon(oval((middle, top + 2), (wide * 0.36, wide * 0.30), 180, 360), dome)
    canvas.polygon([(left, foot), (left + 4, top), (right - 4, top), (right, foot)], wall)
    shaded = left if stage.light > 0 else right - wide * 0.22
    edge = [(shaded, foot), (shaded + 3, top), (shaded + wide * 0.2, top), (shaded + wide * 0.22, foot)]
    canvas.polygon(edge, mix(wall, (130, 100, 110), 0.25))
    canvas.polygon([(left, top), (right, top), (right, top + 5), (left, top + 5)], mix(wall, (255, 250, 236), 0.5))
    _openings(canvas, stage, (left, right), (top, foot))
    return right


def _openings(canvas: Canvas, stage: Stage, sides: tuple[float, float], heights: tuple[float, float]) -> None:
    rng, (left, right), (top, foot) = stage.rng, sides, heights
    tall, glow = foot - top, stage.mood.glow
    window: Colour = mix((92, 82, 96), (255, 214, 120), glow)
    x = left + (right - left) * rng.uniform(0.3, 0.7)
    canvas.polygon([*oval((x, foot - tall * 0.3), (9, 9), 180, 360), (x + 9, foot), (x - 9, foot)], (120, 92, 84))
    for share in (0.22, 0.78):
        if rng.random() < 0.7:
            at = (left + (right - left) * share, top + tall * 0.32)
            canvas.polygon(oval(at, (4.5, 6)), window, lit=glow < 0.3)
            if glow > 0.3:
                canvas.glow(at, 12, (255, 190, 90), 0.35 * glow)


def _paving(canvas: Canvas, stage: Stage) -> None:
    rng, (width, height) = stage.rng, stage.size
    line = mix(PAVING, (150, 112, 92), 0.45)
    middle, depth, row = width / 2, height - stage.horizon, 0.10
    while row < 1:
        y = stage.horizon + depth * row
        canvas.line([(0, y), (width, y)], 0.4 + row, line)
        following, wide, shift = row * 1.32, 70 * row + 12, rng.uniform(0, 1)
        for tile in range(-30, 31):
            x = (tile + shift) * wide
            if abs(x) < width:
                ends = [(middle + x, y), (middle + x * following / row, stage.horizon + depth * following)]
                canvas.line(ends, 0.4 + row, line)
        row = following


def _pennants(canvas: Canvas, stage: Stage) -> None:
    rng, width = stage.rng, stage.size[0]
    if rng.random() < 0.35:
        return
    y, sag = stage.horizon * rng.uniform(0.16, 0.3), rng.uniform(10, 22)
    rope = [(width * t / 24, y + sag * (1 - ((t - 12) / 12) ** 2)) for t in range(25)]
    canvas.line(rope, 0.8, (120, 100, 96))
    for i, (x, top) in enumerate(rope[1:]):
        canvas.polygon([(x - 5, top), (x + 5, top), (x, top + 13)], FLAGS[i % len(FLAGS)])
