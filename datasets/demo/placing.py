"""Puts actors on the stage, far ones first, and keeps track of what of each droid stays visible."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from datasets.demo.casting import Actor
from datasets.demo.paint import Sprite
from datasets.demo.stage import Stage

LEAST_VISIBLE = 0.42
VISIBLE_ALPHA = 80  # of 255; a fainter pixel is background to the eye
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Placed:
    """An actor with its picture; `mask` (height, width) marks its pixels in the scene, `area` counts all of them."""

    actor: Actor
    sprite: Sprite
    corner: tuple[int, int]
    mask: Mask
    area: int


def place(stage: Stage, actor: Actor, sprite: Sprite) -> Placed:
    """Stand a drawn actor on its spot; nothing is painted yet."""
    corner = (round(actor.x - sprite.foot[0]), round(actor.ground - sprite.foot[1]))
    alpha = Image.new("L", stage.size)
    alpha.paste(sprite.image.getchannel("A"), corner)
    whole = np.asarray(sprite.image.getchannel("A")) >= VISIBLE_ALPHA
    return Placed(actor, sprite, corner, np.asarray(alpha) >= VISIBLE_ALPHA, int(whole.sum()))


def visible_masks(items: list[Placed]) -> list[Mask]:
    """What the nearer ones leave to see of each; `items` and the answer are ordered from far to near."""
    covered = np.zeros_like(items[0].mask) if items else np.zeros((0, 0), bool)
    seen: list[Mask] = []
    for item in reversed(items):
        seen.append(item.mask & ~covered)
        covered = covered | item.mask
    return seen[::-1]


def depth_order(items: list[Placed]) -> list[Placed]:
    return sorted(items, key=lambda item: item.actor.ground)


def fits(items: list[Placed], newcomer: Placed, clear: float) -> bool:
    """Whether every droid would still show enough with `newcomer` on the stage.

    Enough is the share `clear` of what the picture's edge leaves of it, and never less than `LEAST_VISIBLE` of it all.
    """
    together = depth_order([*items, newcomer])
    droids = (
        (item, mask) for item, mask in zip(together, visible_masks(together), strict=True) if item.actor.class_name
    )
    return all(mask.sum() >= max(clear * item.mask.sum(), LEAST_VISIBLE * item.area, 1) for item, mask in droids)
