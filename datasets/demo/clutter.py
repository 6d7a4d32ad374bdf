"""Things that stand around, some of them easily mistaken for a droid: balls without a head, barrels without a dome."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from datasets.demo import plants
from datasets.demo.paint import Colour, Pen, Sprite, fineness, mix, oval, pill
from datasets.demo.surface import Round

DARK: Colour = (52, 50, 66)
WHITE: Colour = (255, 255, 255)
PAINTS: tuple[Colour, ...] = ((96, 132, 160), (190, 96, 74), (98, 140, 96), (170, 150, 130), (206, 164, 84))
WOODS: tuple[Colour, ...] = ((198, 150, 98), (160, 120, 84), (120, 138, 150), (136, 150, 112))


def draw_crate(scale: float, rng: Random, light: float) -> Sprite:
    """A box with a frame and planks; its top shows a little."""
    pen = _pen(0.5, 0.95, scale)
    half, tall, wood = rng.uniform(0.24, 0.4), rng.uniform(0.4, 0.75), rng.choice(WOODS)
    with pen.layer():
        pen.shape([(-half, 0), (half, 0), (half, -tall), (-half, -tall)], wood)
        lid = [(-half, -tall), (half, -tall), (half * 0.86, -tall - 0.09), (-half * 0.86, -tall - 0.09)]
        pen.shape(lid, mix(wood, WHITE, 0.35))
        for part in range(1, 4):
            y = -tall * part / 4
            pen.line([(-half, y), (half, y)], 0.014, mix(wood, DARK, 0.4))
        pen.line([(-half * 0.9, -0.05), (half * 0.9, -tall + 0.05)], 0.07, mix(wood, DARK, 0.18))
        frame = [(-half, 0), (half, 0), (half, -tall), (-half, -tall), (-half, 0)]
        pen.line([(x * 0.93, y * 0.93 - tall * 0.035) for x, y in frame], 0.065, mix(wood, WHITE, 0.14))
        far = -light * half
        pen.shade([(far, 0), (far * 0.1, 0), (far * 0.5, -tall), (far, -tall)], DARK, 0.35, 0.05)
    return pen.sprite()


def draw_barrel(scale: float, rng: Random, light: float) -> Sprite:
    """A drum with two hoops and a flat lid, in some of a Canister's colours."""
    pen = _pen(0.42, 0.95, scale)
    tall, paint = rng.uniform(0.6, 0.8), rng.choice((*PAINTS, (214, 80, 60)))
    drum = Round(radius=rng.uniform(0.24, 0.3), base=-tall - 0.05, tip=0.05)
    with pen.layer():
        pen.shape(drum.patch(0, 180, 0, tall), paint)
        for hoop in (0.0, tall * 0.31, tall * 0.63, tall * 0.94):
            pen.shape(drum.patch(0, 180, hoop, hoop + 0.045), mix(paint, DARK, 0.32))
        if rng.random() < 0.5:
            label = drum.patch(rng.uniform(-30, 30), 30, tall * 0.38, tall * 0.6)
            pen.shape(label, rng.choice(((250, 236, 206), (255, 200, 80))))
        pen.shade(pill((-light * 0.26, -tall / 2), (0.11, tall), 0.05), DARK, 0.5, 0.05)
        pen.shade(pill((light * 0.12, -tall / 2), (0.03, tall), 0.03), WHITE, 0.35, 0.03)
        pen.shape(oval((0, drum.base), (drum.radius, 0.05)), mix(paint, WHITE, 0.3))
        pen.shape(oval((0.08, drum.base), (0.05, 0.012)), DARK)
    return pen.sprite()


def draw_ball(scale: float, rng: Random, light: float) -> Sprite:
    """A play ball: no head, no belt, no flowers; plain, in gores or with a star."""
    radius = rng.uniform(0.2, 0.36)
    pen = _pen(0.42, 0.85, scale)
    base, second = rng.sample(((240, 238, 230), (230, 110, 80), (250, 198, 80), (60, 150, 160), (120, 110, 180)), 2)
    with pen.layer(), pen.turned(rng.uniform(-60, 60), (0, -radius)):
        pen.disc((0, -radius), (radius, radius), base)
        if rng.random() < 0.75:
            for wide, colour in ((0.78, second), (0.36, base)):
                pen.disc((0, -radius), (radius * wide, radius), colour)
            pen.disc((0, -2 * radius + 0.03), (0.05, 0.025), second)
        pen.shade(oval((-light * radius * 0.6, -radius * 0.55), (radius * 0.7, radius)), DARK, 0.45, radius * 0.3)
        pen.shade(oval((light * radius * 0.4, -radius * 1.45), (radius * 0.2,) * 2), WHITE, 0.7, radius * 0.12)
    return pen.sprite()


def draw_pole(scale: float, rng: Random, light: float) -> Sprite:
    """A signpost with stripes or an arrow."""
    pen = _pen(0.5, 2.1, scale)
    tall, paint = rng.uniform(1.2, 1.9), rng.choice(PAINTS)
    with pen.layer():
        pen.shape(oval((0, -0.02), (0.14, 0.04)), mix(paint, DARK, 0.5))
        pen.line([(0, -0.02), (0, -tall)], 0.07, (214, 208, 196))
        for stripe in range(int(tall / 0.3)):
            pen.line([(0, -0.1 - 0.3 * stripe), (0, -0.25 - 0.3 * stripe)], 0.07, paint)
        if rng.random() < 0.6:
            board, side = -tall * 0.86, rng.choice((-1, 1))
            arrow = [(-0.3, -0.1), (0.26, -0.1), (0.4, 0), (0.26, 0.1), (-0.3, 0.1)]
            pen.shape([(x * side, board + y) for x, y in arrow], mix(paint, WHITE, 0.5))
            pen.line([(-0.18 * side, board), (0.2 * side, board)], 0.04, mix(paint, DARK, 0.4))
        pen.shade(pill((-light * 0.04, -tall / 2), (0.02, tall), 0.01), DARK, 0.5, 0.012)
    return pen.sprite()


def draw_lamp(scale: float, rng: Random, light: float) -> Sprite:
    """A standing lamp with a round shade: a dome, but nothing of a droid below it."""
    pen = _pen(0.35, 1.75, scale)
    tall, paint = rng.uniform(1.0, 1.5), rng.choice(PAINTS)
    pen.line([(0, -0.02), (0, -tall)], 0.05, DARK)
    pen.shape(oval((0, -0.02), (0.16, 0.05)), DARK)
    pen.glowing(oval((0, -tall), (0.12, 0.12)), (255, 226, 160))
    pen.shape(oval((0, -tall), (0.22, 0.16), 180, 360), paint)
    return pen.sprite()


def draw_cone(scale: float, rng: Random, light: float) -> Sprite:
    pen = _pen(0.3, 0.62, scale)
    paint = rng.choice(((240, 120, 60), (250, 190, 60)))
    with pen.layer():
        pen.shape(pill((0, -0.04), (0.22, 0.04), 0.03), mix(paint, DARK, 0.35))
        pen.shape([(-0.15, -0.06), (0.15, -0.06), (0.035, -0.52), (-0.035, -0.52)], paint)
        for low, high in ((-0.18, -0.27), (-0.36, -0.42)):
            wide = [0.15 + 0.115 * (y + 0.06) / 0.46 for y in (low, high)]
            pen.shape([(-wide[0], low), (wide[0], low), (wide[1], high), (-wide[1], high)], (248, 244, 236))
        pen.shade([(-light * 0.2, 0), (0, 0), (0, -0.6), (-light * 0.2, -0.6)], DARK, 0.35, 0.04)
    return pen.sprite()


def draw_rock(scale: float, rng: Random, light: float) -> Sprite:
    """A stone with a lit and a shaded facet."""
    pen = _pen(0.6, 0.75, scale)
    wide, tall = rng.uniform(0.2, 0.5), rng.uniform(0.16, 0.5)
    stone = rng.choice(((150, 138, 132), (128, 130, 142), (170, 140, 116)))
    rim = [
        (x * rng.uniform(0.85, 1.05), y * rng.uniform(0.82, 1.05)) for x, y in oval((0, 0), (wide, tall), 180, 360, 9)
    ]
    peak = (rng.uniform(-0.2, 0.2) * wide, -tall * 0.6)
    with pen.layer():
        pen.shape([*rim, (wide * 0.8, 0.03), (-wide * 0.8, 0.03)], stone)
        bright = rim[5:] if light > 0 else rim[:5]
        pen.shape([*rim[3:7], peak], mix(stone, WHITE, 0.28))
        pen.shape([*bright[-3:], peak], mix(stone, WHITE, 0.12))
        pen.shade([(-light * wide, 0.05), peak, (-light * wide, -tall)], DARK, 0.45, 0.04)
    return pen.sprite()


def _pen(half_width: float, up: float, scale: float) -> Pen:
    return Pen(half_width, up, 0.08, scale, fineness(scale * up))


@dataclass(frozen=True)
class Prop:
    """How to draw one kind of thing, and how much room it takes to each side of its foot (units)."""

    draw: Callable[[float, Random, float], Sprite]
    half_width: float


PROPS = {
    "crate": Prop(draw_crate, 0.42),
    "barrel": Prop(draw_barrel, 0.32),
    "ball": Prop(draw_ball, 0.36),
    "pole": Prop(draw_pole, 0.2),
    "lamp": Prop(draw_lamp, 0.2),
    "cone": Prop(draw_cone, 0.22),
    "rock": Prop(draw_rock, 0.5),
    "cactus": Prop(plants.draw_cactus, 0.3),
    "fern": Prop(plants.draw_fern, 0.5),
    "pine": Prop(plants.draw_pine, 0.4),
    "mushroom": Prop(plants.draw_mushroom, 0.3),
}
