"""One labelled picture of the demo dataset."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import numpy as np
from PIL import Image

from datasets.demo import lighting
from datasets.demo.backdrops import BACKDROPS, Backdrop
from datasets.demo.casting import SIZES, cast_for, droid_actor, pick_scale, prop_actor
from datasets.demo.placing import Placed, depth_order, fits, place, visible_masks
from datasets.demo.stage import INDOORS, OUTDOORS, Stage

TRIES = 24
# How much of a droid others may leave to see: usually most of it, in one scene of six a little under half.
CLEAR, CROWDED = 0.78, 0.45
HARD_TO_SEE = 0.6


@dataclass(frozen=True)
class LabelledBox:
    """A droid's box in pixels: `xmin` and `ymin` are its first column and row, `xmax` and `ymax` one past its last.

    `truncated`: part of the droid lies outside the picture. `difficult`: much of it is hidden.
    """

    class_name: str
    xmin: int
    ymin: int
    xmax: int
    ymax: int
    truncated: bool
    difficult: bool


@dataclass(frozen=True)
class Scene:
    image: Image.Image
    file_name: str
    boxes: tuple[LabelledBox, ...]


def draw_scene(index: int, seed: int) -> Scene:
    """Draw scene number `index` of the set `seed`; the same two numbers always give the same pixels and boxes."""
    stage, backdrop = set_stage(index, seed)
    items = fill_stage(stage, backdrop, cast_for(index))
    image = lighting.compose(stage, backdrop.paint(stage), items)
    masks = zip(items, visible_masks(items), strict=True)
    boxes = tuple(box_around(item, mask) for item, mask in masks if item.actor.class_name)
    return Scene(image, f"droids_{index + 1:04d}.jpg", boxes)


def set_stage(index: int, seed: int) -> tuple[Stage, Backdrop]:
    """The empty stage of a scene, with the one source of all its random numbers, and the place it shows."""
    rng = Random(f"{seed}/{index}")
    backdrop, size = BACKDROPS[(index * 3 + seed) % len(BACKDROPS)], rng.choice(SIZES)
    mood = rng.choices(INDOORS, (5, 3, 2))[0] if backdrop.indoors else rng.choices(OUTDOORS, (5, 3, 2, 2))[0]
    snowing = backdrop.name == "snow" and rng.random() < 0.5
    horizon = size[1] * rng.uniform(0.32, 0.48)
    stage = Stage(rng, size, horizon, rng.uniform(0.75, 1.25), rng.choice((-1.0, 1.0)), mood, backdrop.indoors, snowing)
    return stage, backdrop


def fill_stage(stage: Stage, backdrop: Backdrop, cast: tuple[str, ...]) -> list[Placed]:
    """Place the droids, then clutter wherever it hides none of them too much."""
    items: list[Placed] = []
    clear = CROWDED if stage.rng.random() < 1 / 6 else CLEAR
    for class_name in cast:
        _place_droid(stage, class_name, items, clear)
    for _ in range(stage.rng.randint(2, 6)):
        actor = prop_actor(stage, backdrop)
        thing = place(stage, actor, actor.draw(stage))
        if fits(items, thing, clear):
            items.append(thing)
    return depth_order(items)


def _place_droid(stage: Stage, class_name: str, items: list[Placed], clear: float) -> None:
    """Add one droid where there is room for it; a scene too full for it goes without."""
    room = (stage.size[1] * 0.985 - stage.horizon) / stage.camera
    scale = min(room, pick_scale(stage.rng, class_name, stage.size))
    actor = droid_actor(stage, class_name, scale)
    sprite = actor.draw(stage)
    for _ in range(TRIES):
        droid = place(stage, actor, sprite)
        if fits(items, droid, clear):
            items.append(droid)
            return
        actor = droid_actor(stage, class_name, scale)


def box_around(item: Placed, visible: np.ndarray) -> LabelledBox:
    """The tight box around what is visible of a droid."""
    columns, rows = np.flatnonzero(visible.any(axis=0)), np.flatnonzero(visible.any(axis=1))
    return LabelledBox(
        class_name=item.actor.class_name,
        xmin=int(columns[0]),
        ymin=int(rows[0]),
        xmax=int(columns[-1]) + 1,
        ymax=int(rows[-1]) + 1,
        truncated=int(item.mask.sum()) < item.area,
        difficult=bool(visible.sum() < HARD_TO_SEE * item.area),
    )
