"""The scene before anybody enters: size, horizon, light, and a canvas that tints paint by that light."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from PIL import Image, ImageChops, ImageDraw

from datasets.demo.paint import Colour, Point, gradient, oval, soft_area, soft_mask

FINER = 2


@dataclass(frozen=True)
class Mood:
    """Light of a scene. `tint` multiplies every painted colour; `glow` (0 to 1) is how much lamps stand out."""

    name: str
    tint: tuple[float, float, float]
    sky: tuple[Colour, ...]
    haze: Colour
    glow: float
    shadow: float


OUTDOORS = (
    Mood("day", (1.0, 1.0, 1.0), ((74, 158, 216), (150, 206, 232), (236, 244, 236)), (214, 232, 238), 0.0, 0.42),
    Mood("dusk", (1.0, 0.80, 0.72), ((84, 74, 140), (206, 112, 132), (255, 186, 116)), (238, 160, 130), 0.45, 0.46),
    Mood("night", (0.48, 0.55, 0.80), ((12, 18, 52), (30, 44, 96), (66, 88, 142)), (48, 66, 118), 1.0, 0.36),
    Mood(
        "overcast", (0.88, 0.91, 0.95), ((150, 170, 186), (190, 204, 212), (226, 230, 228)), (206, 214, 216), 0.1, 0.24
    ),
)
INDOORS = (
    Mood("bright", (1.0, 1.0, 1.0), ((74, 158, 216), (150, 206, 232), (236, 244, 236)), (206, 218, 226), 0.15, 0.34),
    Mood("warm", (1.0, 0.86, 0.70), ((84, 74, 140), (206, 112, 132), (255, 186, 116)), (210, 160, 120), 0.5, 0.38),
    Mood("dim", (0.52, 0.60, 0.86), ((10, 14, 40), (24, 34, 80), (52, 70, 120)), (50, 66, 112), 1.0, 0.32),
)


@dataclass(frozen=True)
class Stage:
    """`horizon` in pixels from the top; `camera` is the viewer's height in units; `light` is the light's x, -1 or 1."""

    rng: Random
    size: tuple[int, int]
    horizon: float
    camera: float
    light: float
    mood: Mood
    indoors: bool
    snowing: bool = False

    def scale_at(self, ground: float) -> float:
        """Pixels per unit for something standing at height `ground` (pixels from the top)."""
        return (ground - self.horizon) / self.camera

    def ground_at(self, scale: float) -> float:
        return self.horizon + scale * self.camera

    def canvas(self) -> Canvas:
        return Canvas(self.size, self.mood)


class Canvas:
    """An RGB picture addressed in final pixels but painted larger, so that `finish()` has smooth edges."""

    def __init__(self, size: tuple[int, int], mood: Mood) -> None:
        self.size = (size[0] * FINER, size[1] * FINER)
        self.mood = mood
        self.image = Image.new("RGB", self.size)
        self.draw = ImageDraw.Draw(self.image)

    def lit(self, colour: Colour) -> Colour:
        """A paint's colour under the mood's light."""
        red, green, blue = (min(255, round(c * t)) for c, t in zip(colour, self.mood.tint, strict=True))
        return red, green, blue

    def fill(self, top: float, bottom: float, stops: Sequence[Colour], lit: bool = True) -> None:
        """A vertical gradient over the whole width between two heights."""
        height = max(1, round((bottom - top) * FINER))
        shown = [self.lit(stop) if lit else stop for stop in stops]
        self.image.paste(gradient((self.size[0], height), shown), (0, round(top * FINER)))

    def sky(self, bottom: float) -> None:
        self.fill(0, bottom, self.mood.sky, lit=False)

    def polygon(self, points: Sequence[Point], colour: Colour, lit: bool = True) -> None:
        shown = self.lit(colour) if lit else colour
        self.draw.polygon([(x * FINER, y * FINER) for x, y in points], fill=shown)

    def disc(self, centre: Point, radii: Point, colour: Colour, lit: bool = True) -> None:
        self.polygon(oval(centre, radii), colour, lit)

    def line(self, points: Sequence[Point], width: float, colour: Colour, lit: bool = True) -> None:
        shown = self.lit(colour) if lit else colour
        pixels = [(x * FINER, y * FINER) for x, y in points]
        self.draw.line(pixels, shown, max(1, round(width * FINER)), joint="curve")

    def wash(self, points: Sequence[Point], colour: Colour, opacity: float, blur: float) -> None:
        """A soft translucent polygon: shadow, drift, mist. Works on its surroundings only, to be quick."""
        area = soft_area((0, 0, *self.size), [(x * FINER, y * FINER) for x, y in points], blur * FINER, opacity)
        if area is not None:
            self.image.paste(colour, area[1], area[0])

    def glow(self, centre: Point, radius: float, colour: Colour, strength: float) -> None:
        """Light added around a lamp, a window, a sun."""
        reach = round(radius * 1.6 * FINER)
        inner = oval((reach, reach), (radius * FINER * 0.6,) * 2)
        mask = soft_mask((reach * 2, reach * 2), inner, radius * FINER * 0.4, strength)
        corner = (round(centre[0] * FINER) - reach, round(centre[1] * FINER) - reach)
        light = Image.merge("RGB", [mask.point([v * c // 255 for v in range(256)]) for c in colour])
        area = (*corner, corner[0] + 2 * reach, corner[1] + 2 * reach)
        self.image.paste(ImageChops.add(self.image.crop(area), light), corner)

    def finish(self) -> Image.Image:
        return self.image.reduce(FINER)


def ridge(rng: Random, width: float, base: float, height: float, waves: float, sharp: float = 0.0) -> list[Point]:
    """A hill line from left to right: a few sines, or peaks where `sharp` is 1. Close it with `down_to`."""
    parts = [(rng.uniform(0.6, 1.4) * waves * (2**k), rng.uniform(0, 6.3), 0.55**k) for k in range(3)]
    points = []
    for step in range(81):
        x = step / 80
        smooth = sum(a * math.sin(f * x * 6.283 + p) for f, p, a in parts) / 1.85
        peaked = sum(a * (1 - 2 * abs(math.sin(f * x * 3.1416 + p))) for f, p, a in parts) / 1.85
        points.append((x * width, base - height * ((1 - sharp) * smooth + sharp * peaked)))
    return points


def down_to(points: Sequence[Point], bottom: float) -> list[Point]:
    """Close a hill line into a polygon that reaches down to `bottom`."""
    return [*points, (points[-1][0], bottom), (points[0][0], bottom)]
