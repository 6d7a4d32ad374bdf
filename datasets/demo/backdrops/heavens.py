"""Suns, stars and clouds shared by the outdoor places."""

from __future__ import annotations

from datasets.demo.paint import oval
from datasets.demo.stage import Canvas, Stage

DISCS = {"day": (255, 250, 222), "dusk": (255, 226, 160), "night": (232, 238, 250), "overcast": (244, 246, 244)}


def sun(canvas: Canvas, stage: Stage) -> None:
    """A sun (a moon at night) on the side the light comes from."""
    rng, mood = stage.rng, stage.mood
    x = stage.size[0] * (0.5 + stage.light * rng.uniform(0.08, 0.42))
    y = stage.horizon * (rng.uniform(0.5, 0.85) if mood.name == "dusk" else rng.uniform(0.2, 0.55))
    radius = rng.uniform(9, 18) * (1.3 if mood.name == "dusk" else 1.0)
    canvas.glow((x, y), radius * 3.2, DISCS[mood.name], 0.42)
    canvas.disc((x, y), (radius, radius), DISCS[mood.name], lit=False)


def stars(canvas: Canvas, stage: Stage, always: bool = False) -> None:
    if stage.mood.name != "night" and not always:
        return
    for _ in range(round(stage.size[0] * stage.horizon / 1200)):
        at = (stage.rng.uniform(0, stage.size[0]), stage.rng.uniform(0, stage.horizon))
        radius = stage.rng.choice((0.5, 0.5, 0.8, 1.2))
        canvas.disc(at, (radius, radius), (216, 226, 250), lit=False)


def clouds(canvas: Canvas, stage: Stage, most: int) -> None:
    rng = stage.rng
    opacity = 0.16 if stage.mood.name == "night" else 0.62
    for _ in range(rng.randint(0, most)):
        x, y = rng.uniform(0, stage.size[0]), stage.horizon * rng.uniform(0.12, 0.7)
        for _puff in range(4):
            x, radius = x + rng.uniform(10, 24), rng.uniform(12, 30)
            canvas.wash(oval((x, y), (radius * 1.5, radius * 0.36)), (250, 246, 244), opacity, 4)
