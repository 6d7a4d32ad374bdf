"""Snowfield: peaks with white caps, a line of firs, soft drifts."""

from __future__ import annotations

from PIL import Image

from datasets.demo.backdrops.heavens import clouds, stars, sun
from datasets.demo.paint import Colour, mix, oval
from datasets.demo.stage import Canvas, Stage, down_to, ridge

SNOW: Colour = (238, 245, 251)
BLUE: Colour = (172, 198, 226)
ROCK: Colour = (110, 132, 164)


def paint(stage: Stage) -> Image.Image:
    canvas, (_, height) = stage.canvas(), stage.size
    canvas.sky(stage.horizon + 4)
    stars(canvas, stage)
    sun(canvas, stage)
    clouds(canvas, stage, 3)
    for layer in (0, 1):
        _peaks(canvas, stage, layer)
    canvas.fill(stage.horizon, height, (mix(SNOW, BLUE, 0.45), SNOW, mix(SNOW, BLUE, 0.35)))
    _firs(canvas, stage)
    _drifts(canvas, stage)
    return canvas.finish()


def _peaks(canvas: Canvas, stage: Stage, layer: int) -> None:
    """A range, its white caps cut off at a zigzag, the near one darker."""
    rng, (width, _) = stage.rng, stage.size
    tall = stage.horizon * (0.34, 0.2)[layer]
    line = ridge(rng, width, stage.horizon - tall * 0.7, tall, (2.0, 2.6)[layer], sharp=0.9)
    body = mix(ROCK, stage.mood.haze, (0.6, 0.3)[layer])
    canvas.polygon(down_to(line, stage.horizon + 4), body)
    depth = tall * 0.35
    under = [(x, min(stage.horizon, y + depth * (1.0 if i % 4 < 2 else 0.55))) for i, (x, y) in enumerate(line)]
    canvas.polygon([*line, *reversed(under)], mix(SNOW, stage.mood.haze, (0.35, 0.1)[layer]))


def _firs(canvas: Canvas, stage: Stage) -> None:
    rng, width = stage.rng, stage.size[0]
    colour = mix((50, 88, 96), stage.mood.haze, 0.3)
    x = rng.uniform(-10, 20)
    while x < width:
        tall = rng.uniform(12, 34)
        foot = stage.horizon + rng.uniform(0, 4)
        for step in range(3):
            half, top = tall * (0.16 + 0.07 * step), foot - tall * (1 - 0.26 * step)
            canvas.polygon([(x, top), (x - half, top + tall * 0.42), (x + half, top + tall * 0.42)], colour)
        canvas.polygon([(x, foot - tall), (x - 2, foot - tall + 6), (x + 2, foot - tall + 6)], SNOW)
        x += rng.choice((6, 9, 14, 40)) * rng.uniform(0.8, 1.4)


def _drifts(canvas: Canvas, stage: Stage) -> None:
    rng, (width, height) = stage.rng, stage.size
    for share in (0.12, 0.32, 0.6):
        base = stage.horizon + (height - stage.horizon) * share
        line = ridge(rng, width, base, height * 0.02, 0.7)
        canvas.polygon(down_to(line, height), mix(SNOW, BLUE, 0.22 * (1 - share)))
        canvas.wash([*line, (width, base + 22), (0, base + 22)], canvas.lit(BLUE), 0.30, 7)
    for _ in range(5):
        at = (rng.uniform(0, width), rng.uniform(stage.horizon + 20, height))
        canvas.wash(oval(at, (rng.uniform(30, 90), rng.uniform(3, 8))), canvas.lit((255, 255, 255)), 0.8, 5)
