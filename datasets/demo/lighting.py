"""Puts sprites into the backdrop with shadows and reflections, then lets lamps, snow and vignette fall over all."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PIL import Image, ImageChops, ImageFilter

from datasets.demo.paint import oval, soft_mask
from datasets.demo.placing import Mask, Placed, visible_masks
from datasets.demo.stage import Stage


def compose(stage: Stage, image: Image.Image, items: list[Placed]) -> Image.Image:
    """Draw `items` (far to near) into the backdrop and finish the picture; returns RGB of the same size."""
    for item in items:
        if stage.indoors:
            _reflect(image, item)
        else:
            _cast_shadow(stage, image, item)
        _contact_shadow(stage, image, item)
    for item in items:
        image.paste(item.sprite.image, item.corner, item.sprite.image)
    if stage.mood.glow > 0.4:
        for item, mask in zip(items, visible_masks(items), strict=True):
            _shine(stage, image, item, mask)
    if stage.snowing:
        _flakes(stage, image)
    return _vignette(image, 0.22 if stage.mood.glow > 0.4 else 0.12)


def _cast_shadow(stage: Stage, image: Image.Image, item: Placed) -> None:
    """The sprite's outline laid flat on the ground, away from the light."""
    alpha = item.sprite.image.getchannel("A")
    low, reach = 0.26, -stage.light * 0.55
    height = max(2, round(item.sprite.foot[1] * low))
    shift = abs(reach) * item.sprite.foot[1]
    width = alpha.width + round(shift)
    offset = shift if reach < 0 else 0.0
    # Output (x, y) to source: y stretches back to full height, x slides by how high above the foot it is.
    slope = -reach / low
    matrix = (1, -slope, -offset + slope * height, 0, 1 / low, 0)
    flat = alpha.transform((width, height), Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)
    flat = flat.filter(ImageFilter.GaussianBlur(max(0.6, item.actor.scale * 0.012)))
    left = round(item.actor.x - item.sprite.foot[0] - offset)
    top = round(item.actor.ground) - height
    above = max(0, round(stage.horizon) - top)  # a shadow does not fall on the sky
    flat = flat.point([round(v * stage.mood.shadow * 0.8) for v in range(256)]).crop(
        (0, above, width, max(above, height))
    )
    image.paste((36, 30, 58), (left, top + above), flat)


def _contact_shadow(stage: Stage, image: Image.Image, item: Placed) -> None:
    """The small dark pool right where it stands."""
    half = item.actor.scale * 0.34
    size = (round(half * 3) + 2, round(half * 1.2) + 2)
    pool = oval((size[0] / 2, size[1] / 2), (half, half * 0.2))
    mask = soft_mask(size, pool, max(1.0, half * 0.14), stage.mood.shadow * 1.1)
    image.paste((24, 22, 44), (round(item.actor.x - size[0] / 2), round(item.actor.ground - size[1] / 2)), mask)


def _reflect(image: Image.Image, item: Placed) -> None:
    """A faint mirror image in a polished floor, fading with distance from the foot."""
    sprite = item.sprite.image
    foot = min(sprite.height, round(item.sprite.foot[1]))
    upside = sprite.crop((0, 0, sprite.width, foot)).transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    fade = np.clip(1 - np.arange(foot) / max(1.0, foot * 0.55), 0, 1)[:, None] * 0.30
    mask = Image.fromarray((np.asarray(upside.getchannel("A")) * fade).astype(np.uint8))
    image.paste(upside.convert("RGB"), (item.corner[0], item.corner[1] + foot), mask)


def _shine(stage: Stage, image: Image.Image, item: Placed, visible: Mask) -> None:
    """Eyes, gauges and lamps that nothing stands in front of shine through the dark."""
    width, height = stage.size
    for lamp in item.sprite.lamps:
        x, y = item.corner[0] + lamp.centre[0], item.corner[1] + lamp.centre[1]
        if not (0 <= x < width and 0 <= y < height and visible[int(y), int(x)]):
            continue
        reach = round(lamp.radius * 2.4) + 3
        core = oval((reach, reach), (lamp.radius, lamp.radius))
        mask = soft_mask((2 * reach, 2 * reach), core, max(0.8, lamp.radius * 0.55), 0.6 * stage.mood.glow)
        glow = Image.merge("RGB", [mask.point([v * c // 255 for v in range(256)]) for c in lamp.colour])
        corner = (round(x) - reach, round(y) - reach)
        area = (*corner, corner[0] + 2 * reach, corner[1] + 2 * reach)
        image.paste(ImageChops.add(image.crop(area), glow), corner)


def _flakes(stage: Stage, image: Image.Image) -> None:
    rng = stage.rng
    for _ in range(stage.size[0] // 6):
        radius = rng.choice((1, 1, 2))
        flake = soft_mask((8, 8), oval((4, 4), (radius, radius)), 1.0, rng.uniform(0.4, 0.85))
        image.paste((244, 248, 252), (rng.randrange(stage.size[0]), rng.randrange(stage.size[1])), flake)


def _vignette(image: Image.Image, strength: float) -> Image.Image:
    """Darken the corners a little."""
    image.paste((16, 14, 36), (0, 0), _corners(image.size, strength))
    return image


@lru_cache(maxsize=32)
def _corners(size: tuple[int, int], strength: float) -> Image.Image:
    far = np.hypot(*np.meshgrid(np.linspace(-1, 1, 32), np.linspace(-1, 1, 32)))
    level = np.clip((far - 0.75) / 0.66, 0, 1) ** 1.5 * 255 * strength
    return Image.fromarray(level.astype(np.uint8)).resize(size, Image.Resampling.BICUBIC)
