"""Moon: a grey plain with craters under a black sky and a large planet."""

from __future__ import annotations

from PIL import Image

from datasets.demo.backdrops.heavens import stars
from datasets.demo.paint import Colour, mix, oval
from datasets.demo.stage import Canvas, Stage, down_to, ridge

DUST: Colour = (196, 192, 204)
DEEP: Colour = (132, 126, 150)
PLANETS: tuple[tuple[Colour, Colour], ...] = (
    ((86, 160, 200), (224, 240, 240)),
    ((226, 150, 110), (248, 214, 170)),
    ((150, 120, 196), (226, 200, 236)),
)
NIGHT: tuple[Colour, ...] = ((12, 12, 34), (30, 26, 62), (70, 58, 104))


def paint(stage: Stage) -> Image.Image:
    canvas, (width, height) = stage.canvas(), stage.size
    canvas.fill(0, stage.horizon + 4, NIGHT, lit=False)
    stars(canvas, stage, always=True)
    _planet(canvas, stage)
    for layer in (0, 1):
        line = ridge(stage.rng, width, stage.horizon - 8 + 6 * layer, height * 0.035, 2.2, sharp=0.5)
        canvas.polygon(down_to(line, stage.horizon + 20), mix(DEEP, DUST, 0.45 * layer))
    canvas.fill(stage.horizon, height, (mix(DUST, DEEP, 0.35), DUST, mix(DUST, DEEP, 0.2)))
    _craters(canvas, stage)
    return canvas.finish()


def _planet(canvas: Canvas, stage: Stage) -> None:
    rng = stage.rng
    main, band = rng.choice(PLANETS)
    x, y = stage.size[0] * rng.uniform(0.1, 0.9), stage.horizon * rng.uniform(0.25, 0.6)
    radius = stage.horizon * rng.uniform(0.16, 0.34)
    canvas.glow((x, y), radius * 1.7, main, 0.35)
    canvas.disc((x, y), (radius, radius), main, lit=False)
    for shift in (-0.45, 0.05, 0.5):
        half = radius * (1 - shift**2) ** 0.5 * 0.97
        canvas.disc((x, y + shift * radius), (half, radius * 0.09), mix(main, band, 0.6), lit=False)
    shade = oval((x - stage.light * radius * 0.75, y), (radius * 0.75, radius * 1.1))
    canvas.wash(shade, mix(NIGHT[1], main, 0.15), 0.55, radius * 0.3)
    if rng.random() < 0.5:
        ring = [*oval((x, y), (radius * 1.75, radius * 0.3), 0, 180)]
        canvas.line(ring, 2.2, band, lit=False)


def _craters(canvas: Canvas, stage: Stage) -> None:
    rng, (width, height) = stage.rng, stage.size
    spots = sorted(rng.uniform(0.03, 1.0) ** 1.4 for _ in range(13))
    for near in spots:
        x, y = rng.uniform(0, width), stage.horizon + (height - stage.horizon) * near
        wide = rng.uniform(10, 70) * (0.15 + near)
        flat = wide * (0.14 + 0.12 * near)
        canvas.disc((x, y), (wide, flat), mix(DUST, (255, 255, 255), 0.35))
        canvas.disc((x, y + flat * 0.12), (wide * 0.9, flat * 0.82), mix(DUST, DEEP, 0.75))
        canvas.disc((x - stage.light * wide * 0.08, y + flat * 0.3), (wide * 0.8, flat * 0.6), mix(DUST, DEEP, 0.4))
    for _ in range(40):
        at = (rng.uniform(0, width), rng.uniform(stage.horizon + 4, height))
        size = rng.uniform(0.6, 2.2)
        canvas.disc(at, (size, size * 0.7), mix(DUST, DEEP, rng.uniform(0.4, 0.9)))
