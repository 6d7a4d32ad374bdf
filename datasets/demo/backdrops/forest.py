"""Forest: three rows of trunks in mist, moss, and shafts of light."""

from __future__ import annotations

from PIL import Image

from datasets.demo.paint import Colour, mix, oval
from datasets.demo.stage import Canvas, Stage, down_to, ridge

LEAF: Colour = (120, 170, 96)
MIST: Colour = (204, 224, 178)
MOSS: Colour = (112, 146, 70)
BARK: Colour = (104, 78, 66)


def paint(stage: Stage) -> Image.Image:
    canvas, (_, height) = stage.canvas(), stage.size
    canvas.fill(0, stage.horizon + 6, (mix(LEAF, (60, 110, 80), 0.5), LEAF, MIST))
    canvas.fill(stage.horizon, height, (mix(MOSS, MIST, 0.55), MOSS, mix(MOSS, (62, 92, 52), 0.6)))
    for row in range(3):
        _trunks(canvas, stage, row)
        _bushes(canvas, stage, row)
    _canopy(canvas, stage)
    _moss(canvas, stage)
    _shafts(canvas, stage)
    return canvas.finish()


def _trunks(canvas: Canvas, stage: Stage, row: int) -> None:
    rng, (width, _) = stage.rng, stage.size
    colour = mix(BARK, MIST, (0.72, 0.45, 0.12)[row])
    x = rng.uniform(-20, 30)
    while x < width + 10:
        half, foot = rng.uniform(3, 6) * (1, 1.7, 2.8)[row], stage.horizon + (2, 7, 16)[row]
        lean = rng.uniform(-6, 6)
        trunk = [(x + lean - half * 0.7, 0), (x + lean + half * 0.7, 0), (x + half, foot), (x - half, foot)]
        canvas.polygon([*trunk[:3], (x + half * 1.7, foot + 3), (x - half * 1.7, foot + 3), trunk[3]], colour)
        lit_edge = stage.light * half * 0.5
        edge = [(x + lean + lit_edge * 0.7, 0), (x + lit_edge, foot)]
        canvas.line(edge, half * 0.35, mix(colour, MIST, 0.35))
        x += rng.uniform(26, 60) * (0.7, 1.3, 2.6)[row]


def _bushes(canvas: Canvas, stage: Stage, row: int) -> None:
    rng, (width, _) = stage.rng, stage.size
    base = stage.horizon + (0, 4, 12)[row]
    line = ridge(rng, width, base, (5, 7, 6)[row], 5)
    colour = mix(mix(MOSS, (58, 104, 62), 0.3 * row), MIST, (0.55, 0.35, 0.08)[row])
    canvas.polygon(down_to(line, base + (10, 12, 14)[row]), colour)
    if row == 2:
        for _ in range(10):
            at = (rng.uniform(0, width), base + rng.uniform(-4, 8))
            canvas.disc(at, (rng.uniform(10, 26), rng.uniform(5, 11)), mix(colour, LEAF, rng.uniform(0, 0.5)))


def _canopy(canvas: Canvas, stage: Stage) -> None:
    rng, (width, _) = stage.rng, stage.size
    for row in range(3):
        for _ in range(12):
            at = (rng.uniform(0, width), rng.uniform(-14, 10) - 5 * row)
            leaf = mix(mix((62, 108, 62), LEAF, rng.uniform(0, 0.5)), MIST, (0.35, 0.15, 0)[row])
            canvas.disc(at, (rng.uniform(18, 44), rng.uniform(9, 20)), leaf)


def _moss(canvas: Canvas, stage: Stage) -> None:
    rng, (width, height) = stage.rng, stage.size
    for _ in range(7):
        at = (rng.uniform(0, width), rng.uniform(stage.horizon + 26, height))
        patch = oval(at, (rng.uniform(30, 110), rng.uniform(4, 14)))
        canvas.wash(patch, canvas.lit(rng.choice((LEAF, (150, 178, 92), (78, 110, 60)))), 0.5, 6)
    for _ in range(60):
        x, y = rng.uniform(0, width), rng.uniform(stage.horizon + 22, height)
        tall = 2 + 7 * (y - stage.horizon) / height
        canvas.line([(x, y), (x + rng.uniform(-2, 2), y - tall)], 0.9, rng.choice(((86, 124, 60), (156, 186, 98))))


def _shafts(canvas: Canvas, stage: Stage) -> None:
    if stage.mood.name in ("night", "overcast"):
        return
    rng, (width, height) = stage.rng, stage.size
    for _ in range(3):
        x, slide = rng.uniform(0.1, 0.9) * width, -stage.light * height * 0.35
        shaft = [(x, -20), (x + 26, -20), (x + slide + 60, height * 0.8), (x + slide, height * 0.8)]
        canvas.wash(shaft, (255, 246, 200), 0.17, 8)
