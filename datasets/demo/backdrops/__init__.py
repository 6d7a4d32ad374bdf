"""Places the droids are seen in. Each module paints one; the table below names them and the clutter that suits them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image

from datasets.demo.backdrops import corridor, dunes, forest, hangar, moon, snow, town
from datasets.demo.stage import Stage


@dataclass(frozen=True)
class Backdrop:
    name: str
    paint: Callable[[Stage], Image.Image]
    indoors: bool
    clutter: tuple[str, ...]


BACKDROPS = (
    Backdrop("dunes", dunes.paint, False, ("rock", "cactus", "crate", "barrel", "pole", "ball")),
    Backdrop("corridor", corridor.paint, True, ("crate", "barrel", "cone", "ball", "lamp")),
    Backdrop("snow", snow.paint, False, ("rock", "pine", "crate", "pole", "ball", "barrel")),
    Backdrop("hangar", hangar.paint, True, ("crate", "barrel", "cone", "ball", "crate", "lamp")),
    Backdrop("forest", forest.paint, False, ("fern", "rock", "mushroom", "pine", "ball", "crate")),
    Backdrop("town", town.paint, False, ("barrel", "crate", "cactus", "ball", "lamp", "pole")),
    Backdrop("moon", moon.paint, False, ("rock", "crate", "pole", "barrel", "ball", "rock")),
)
