"""Desert: layered dunes under a wide sky, with one or two suns."""

from __future__ import annotations

from PIL import Image

from datasets.demo.backdrops.heavens import clouds, stars, sun
from datasets.demo.paint import Colour, mix
from datasets.demo.stage import Canvas, Stage, down_to, ridge

SAND: Colour = (238, 200, 142)
SHADE: Colour = (196, 140, 100)


def paint(stage: Stage) -> Image.Image:
    canvas, rng = stage.canvas(), stage.rng
    canvas.sky(stage.horizon + 4)
    stars(canvas, stage)
    for _ in range(rng.choice((1, 1, 2))):
        sun(canvas, stage)
    clouds(canvas, stage, 2)
    _mesas(canvas, stage)
    height = stage.size[1]
    canvas.fill(stage.horizon, height, (mix(SAND, stage.mood.haze, 0.3), SAND, mix(SAND, SHADE, 0.25)))
    for layer in range(3):
        _dune(canvas, stage, layer)
    _ripples(canvas, stage)
    return canvas.finish()


def _mesas(canvas: Canvas, stage: Stage) -> None:
    rng, width = stage.rng, stage.size[0]
    colour = mix((176, 112, 96), stage.mood.haze, 0.5)
    for _ in range(rng.randint(1, 3)):
        x, half, tall = rng.uniform(0, width), rng.uniform(20, 70), rng.uniform(0.12, 0.3) * stage.horizon
        top, foot = stage.horizon - tall, stage.horizon + 3
        canvas.polygon([(x - half * 1.3, foot), (x - half, top), (x + half * 0.8, top + 3), (x + half, foot)], colour)
        side = [(x + half * 0.2, foot), (x + half * 0.3, top + 2), (x + half * 0.8, top + 3), (x + half, foot)]
        canvas.polygon(side, mix(colour, (120, 70, 80), 0.25))


def _dune(canvas: Canvas, stage: Stage, layer: int) -> None:
    """A dune's sunny side, and its shaded side as the same ridge a little lower."""
    rng, (width, height) = stage.rng, stage.size
    base = stage.horizon + (height - stage.horizon) * (0.02, 0.10, 0.30)[layer]
    tall = (0.05, 0.07, 0.08)[layer] * height
    crest = ridge(rng, width, base, tall, (1.2, 0.9, 0.6)[layer])
    paint_ = mix(mix(SAND, SHADE, 0.1 * layer), stage.mood.haze, (0.34, 0.16, 0.0)[layer])
    canvas.polygon(down_to(crest, height), paint_)
    drop = [(x, y + max(0.0, (base - y)) * 0.9 + 2) for x, y in crest]
    canvas.polygon([*crest, *reversed(drop)], mix(paint_, SHADE, 0.38))


def _ripples(canvas: Canvas, stage: Stage) -> None:
    rng, (width, height) = stage.rng, stage.size
    for _ in range(26):
        ground = stage.horizon + (height - stage.horizon) * rng.uniform(0.36, 1.0)
        near = (ground - stage.horizon) / (height - stage.horizon)
        x, long = rng.uniform(0, width), rng.uniform(20, 110) * near
        points = [(x + long * t / 8, ground + 3 * near * ((t - 4) / 4) ** 2) for t in range(9)]
        canvas.line(points, 0.6 + 1.4 * near, mix(SAND, SHADE, 0.42))
