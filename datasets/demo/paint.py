"""Small drawing kit on top of Pillow: a pen in units with rotation, layers and soft shading."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

Colour = tuple[int, int, int]
Point = tuple[float, float]
Box = tuple[int, int, int, int]  # pixels: left, top, right, bottom


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """Blend two colours; `share` 0 gives the first, 1 the second."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def oval(centre: Point, radii: Point, start: float = 0.0, end: float = 360.0, steps: int = 48) -> list[Point]:
    """Points along an ellipse, degrees clockwise from three o'clock (y grows downwards)."""
    (cx, cy), (rx, ry) = centre, radii
    return [(cx + rx * cosine, cy + ry * sine) for cosine, sine in _arc(start, end, steps)]


@lru_cache(maxsize=64)
def _arc(start: float, end: float, steps: int) -> tuple[Point, ...]:
    angles = (math.radians(start + (end - start) * i / steps) for i in range(steps + 1))
    return tuple((math.cos(angle), math.sin(angle)) for angle in angles)


def pill(centre: Point, radii: Point, corner: float) -> list[Point]:
    """A rectangle of half sizes `radii` with rounded corners."""
    (cx, cy), (rx, ry) = centre, radii
    corner = min(corner, rx, ry)
    points: list[Point] = []
    for sx, sy, start in ((1, 1, 0), (-1, 1, 90), (-1, -1, 180), (1, -1, 270)):
        middle = (cx + sx * (rx - corner), cy + sy * (ry - corner))
        points += oval(middle, (corner, corner), start, start + 90, 8)
    return points


def gradient(size: tuple[int, int], stops: Sequence[Colour]) -> Image.Image:
    """An RGB image that runs through `stops` from top to bottom."""
    at = np.linspace(0, len(stops) - 1, size[1])
    column = np.stack([np.interp(at, range(len(stops)), [stop[c] for stop in stops]) for c in range(3)], axis=-1)
    return Image.fromarray(column.round().astype(np.uint8)[:, None, :]).resize(size, Image.Resampling.NEAREST)


def soft_mask(size: tuple[int, int], points: Sequence[Point], blur: float, opacity: float) -> Image.Image:
    """A blurred polygon as an "L" mask; drawn small and enlarged, because a blur at full size is slow."""
    shrink = max(1, int(blur / 2))
    small = Image.new("L", (size[0] // shrink + 1, size[1] // shrink + 1))
    level = round(255 * opacity)
    ImageDraw.Draw(small).polygon([(x / shrink, y / shrink) for x, y in points], fill=level)
    small = small.filter(ImageFilter.GaussianBlur(blur / shrink))
    if shrink == 1:
        return small.crop((0, 0, *size))
    return small.resize(size, Image.Resampling.BILINEAR, box=(0, 0, size[0] / shrink, size[1] / shrink))


def soft_area(limit: Box, points: Sequence[Point], blur: float, opacity: float) -> tuple[Image.Image, Box] | None:
    """`soft_mask` for only the part of `limit` that it reaches, with that part's box; None when it reaches nothing."""
    margin = round(blur * 2.5) + 1
    left, top = (max(limit[axis], int(min(p[axis] for p in points)) - margin) for axis in (0, 1))
    right, bottom = (min(limit[axis + 2], int(max(p[axis] for p in points)) + margin) for axis in (0, 1))
    if left >= right or top >= bottom:
        return None
    moved = [(x - left, y - top) for x, y in points]
    return soft_mask((right - left, bottom - top), moved, blur, opacity), (left, top, right, bottom)


@dataclass(frozen=True)
class Lamp:
    """Something that shines: where (pixels in the sprite), how far and in which colour."""

    centre: Point
    radius: float
    colour: Colour


@dataclass(frozen=True)
class Sprite:
    """An RGBA picture, the point in it (pixels) that stands on the ground, and what shines in it at night."""

    image: Image.Image
    foot: Point
    lamps: tuple[Lamp, ...] = ()

    def tinted(self, tint: tuple[float, float, float], haze: Colour, amount: float) -> Sprite:
        """The sprite under coloured light, then faded towards `haze` by `amount` (0 to 1)."""
        levels = np.arange(256)[None, :] * np.array(tint)[:, None]
        table = np.clip(levels * (1 - amount) + np.array(haze)[:, None] * amount, 0, 255).round().astype(int)
        return replace(self, image=self.image.point([*table.ravel().tolist(), *range(256)]))


class Pen:
    """Draws shapes given in units onto an RGBA image.

    `half_width`, `up` and `down` are the room around the origin in units, `scale` is pixels per unit, and
    `finer` how many times larger than that the picture is drawn before `sprite()` reduces it to smooth edges.
    """

    def __init__(self, half_width: float, up: float, down: float, scale: float, finer: int) -> None:
        self.finer = finer
        self.scale = scale * finer
        width, height = (math.ceil(scale * units) + 2 for units in (2 * half_width, up + down))
        self.size = (width * finer, height * finer)
        self.origin = (self.size[0] / 2, (scale * up + 1) * finer)
        self.image = Image.new("RGBA", self.size)
        self._turn = (1.0, 0.0, (0.0, 0.0))  # cosine, sine, pivot
        self._lamps: list[Lamp] = []

    def place(self, point: Point) -> Point:
        """Units to pixels, after the current rotation."""
        cosine, sine, (px, py) = self._turn
        dx, dy = point[0] - px, point[1] - py
        x, y = px + dx * cosine - dy * sine, py + dx * sine + dy * cosine
        return self.origin[0] + x * self.scale, self.origin[1] + y * self.scale

    @contextmanager
    def turned(self, degrees: float, pivot: Point = (0.0, 0.0)) -> Iterator[None]:
        """Rotate what is drawn inside the block, clockwise around `pivot`. Blocks do not nest."""
        self._turn = (math.cos(math.radians(degrees)), math.sin(math.radians(degrees)), pivot)
        yield
        self._turn = (1.0, 0.0, (0.0, 0.0))

    @contextmanager
    def layer(self) -> Iterator[None]:
        """Draw inside the block on a layer of its own, so that `shade` stays within what the block drew."""
        below, self.image = self.image, Image.new("RGBA", self.size)
        yield
        drawn = self.image.getbbox()
        if drawn is not None:
            below.alpha_composite(self.image, drawn[:2], drawn)
        self.image = below

    def shape(self, points: Sequence[Point], fill: Colour) -> None:
        """Fill a polygon; an empty one (the far side of a surface) draws nothing."""
        if len(points) > 2:
            ImageDraw.Draw(self.image).polygon([self.place(p) for p in points], fill=(*fill, 255))

    def glowing(self, points: Sequence[Point], fill: Colour) -> None:
        """A shape that also shines when the scene is dark."""
        self.shape(points, fill)
        if len(points) > 2:
            pixels = np.array([self.place(p) for p in points]) / self.finer
            x, y = pixels.mean(axis=0).tolist()
            self._lamps.append(Lamp((x, y), float(np.ptp(pixels, axis=0).max()) / 2, fill))

    def disc(self, centre: Point, radii: Point, fill: Colour) -> None:
        self.shape(oval(centre, radii), fill)

    def line(self, points: Sequence[Point], width: float, fill: Colour) -> None:
        """A line of `width` units with round joints."""
        pixels = max(1, round(width * self.scale))
        ImageDraw.Draw(self.image).line([self.place(p) for p in points], (*fill, 255), pixels, joint="curve")

    def shade(self, points: Sequence[Point], colour: Colour, opacity: float, blur: float) -> None:
        """Lay a soft polygon of `colour` over what this layer already shows, never beyond it."""
        drawn = self.image.getbbox()
        area = soft_area(drawn or (0, 0, 0, 0), [self.place(p) for p in points], blur * self.scale, opacity)
        if area is None:
            return
        mask, box = area
        part = self.image.crop(box)
        alpha = part.getchannel("A")
        part.paste((*colour, 255), (0, 0), ImageChops.multiply(mask, alpha))
        part.putalpha(alpha)
        self.image.paste(part, box)

    def stamp(self, picture: Image.Image, centre: Point) -> None:
        """Lay an RGBA picture (in pixels) over the drawing, centred on a point in units."""
        x, y = self.place(centre)
        self.image.alpha_composite(picture, (round(x - picture.width / 2), round(y - picture.height / 2)))

    def sprite(self) -> Sprite:
        """The finished picture, reduced to its real size, with the origin as its foot."""
        image = self.image.reduce(self.finer)
        return Sprite(image, (self.origin[0] / self.finer, self.origin[1] / self.finer), tuple(self._lamps))


def fineness(pixels: float) -> int:
    """How much larger to draw something `pixels` tall: small things need more, large ones cost more."""
    return 4 if pixels < 50 else 3 if pixels < 100 else 2
