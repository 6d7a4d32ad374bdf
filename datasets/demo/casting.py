"""Who is in a scene, how large and where. Kinds of scene are dealt in turn, so that a small set has all of them."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from datasets.demo.backdrops import Backdrop
from datasets.demo.canister import draw_canister
from datasets.demo.clutter import PROPS
from datasets.demo.paint import Sprite
from datasets.demo.pose import CANISTER_LIVERIES, ROLLER_LIVERIES, pick_livery, pick_pose
from datasets.demo.roller import draw_roller
from datasets.demo.stage import Stage

ROLLER, CANISTER = "Roller", "Canister"
CLASS_NAMES = (ROLLER, CANISTER)
BOTH = (ROLLER, CANISTER)
CASTS: tuple[tuple[str, ...], ...] = (
    (ROLLER,), BOTH, (CANISTER,), (), BOTH, (ROLLER,), (CANISTER,), BOTH, (ROLLER, ROLLER), BOTH,
    (CANISTER,), (ROLLER,), BOTH, (), (CANISTER, CANISTER), (ROLLER,), BOTH, (CANISTER,),
    (ROLLER, CANISTER, ROLLER), (CANISTER, ROLLER, CANISTER),
)  # fmt: skip
SIZES = ((480, 360), (360, 480), (640, 360), (400, 300), (300, 420), (512, 384), (420, 320), (340, 440), (560, 400))
DROID_HEIGHT = {ROLLER: 1.16, CANISTER: 1.22}  # units, antenna included
ROOM = {ROLLER: 0.42, CANISTER: 0.45}  # units to each side of the foot


@dataclass(frozen=True)
class Actor:
    """A droid (or, without `class_name`, a thing) to place: `scale` in pixels per unit, `x` and `ground` in pixels."""

    class_name: str
    prop: str
    scale: float
    x: float
    ground: float

    def draw(self, stage: Stage) -> Sprite:
        """Render it under the stage's light, paler the farther away it stands."""
        if self.class_name == ROLLER:
            sprite = draw_roller(self.scale, pick_pose(stage.rng, stage.light), pick_livery(stage.rng, ROLLER_LIVERIES))
        elif self.class_name == CANISTER:
            pose, livery = pick_pose(stage.rng, stage.light), pick_livery(stage.rng, CANISTER_LIVERIES)
            sprite = draw_canister(self.scale, pose, livery)
        else:
            sprite = PROPS[self.prop].draw(self.scale, stage.rng, stage.light)
        return sprite.tinted(stage.mood.tint, stage.mood.haze, max(0.0, 0.24 - self.scale / stage.size[1] * 0.9))


def cast_for(index: int) -> tuple[str, ...]:
    return CASTS[index % len(CASTS)]


def pick_scale(rng: Random, class_name: str, size: tuple[int, int]) -> float:
    """Pixels per unit: 6 % tiny (14 to 22 px tall), the rest small, middle or large against the picture."""
    kind = rng.choices(("tiny", "small", "middle", "large"), weights=(6, 16, 46, 32))[0]
    if kind == "tiny":
        return rng.uniform(14, 22) / DROID_HEIGHT[class_name]
    low, high = {"small": (0.20, 0.30), "middle": (0.30, 0.50), "large": (0.50, 0.78)}[kind]
    tall = rng.uniform(low, high) * min(size[1], size[0] * 1.15)
    return tall / DROID_HEIGHT[class_name]


def droid_actor(stage: Stage, class_name: str, scale: float) -> Actor:
    """A droid of that scale at a random spot; one in eight stands half out of the picture."""
    width, room = stage.size[0], ROOM[class_name] * scale
    inset = room if stage.rng.random() > 0.12 else room * 0.1
    x = stage.rng.uniform(min(inset, width / 2), max(width - inset, width / 2))
    return Actor(class_name, "", scale, x, stage.ground_at(scale))


def prop_actor(stage: Stage, backdrop: Backdrop) -> Actor:
    width, height = stage.size
    depth = stage.rng.triangular(0.06, 1.0, 0.3)
    ground = stage.horizon + (height * 1.04 - stage.horizon) * depth
    scale = min(stage.scale_at(ground), height * 0.5)
    return Actor("", stage.rng.choice(backdrop.clutter), scale, stage.rng.uniform(0, width), ground)
