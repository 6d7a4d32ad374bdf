"""What is random about one droid: its paint, where it looks, how it leans, what face it makes."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from datasets.demo.paint import Colour


@dataclass(frozen=True)
class Livery:
    main: Colour
    deep: Colour
    cream: Colour
    accent: Colour
    dark: Colour
    eye: Colour


@dataclass(frozen=True)
class Pose:
    """Angles in degrees. `turn` 0 faces the viewer, 180 shows the back; `light` is the x of the light, -1 to 1."""

    turn: float
    twist: float  # how far the body is turned away from the head
    lean: float
    roll: float
    face: str
    light: float


ROLLER_LIVERIES = (
    Livery((28, 158, 154), (14, 104, 118), (250, 240, 218), (255, 196, 61), (24, 44, 66), (130, 246, 255)),
    Livery((122, 96, 190), (78, 60, 140), (247, 238, 226), (255, 170, 120), (34, 28, 66), (255, 226, 140)),
    Livery((98, 168, 72), (52, 116, 62), (250, 243, 214), (244, 120, 82), (26, 50, 44), (190, 255, 170)),
)
CANISTER_LIVERIES = (
    Livery((222, 74, 56), (160, 40, 46), (250, 238, 214), (255, 200, 70), (38, 48, 78), (255, 214, 96)),
    Livery((240, 168, 40), (190, 114, 24), (250, 242, 220), (64, 130, 190), (44, 46, 66), (150, 240, 255)),
    Livery((226, 108, 140), (168, 62, 104), (252, 240, 228), (120, 210, 190), (58, 38, 72), (190, 255, 226)),
)
FACES = ("open", "open", "open", "happy", "sleepy", "wink")


def pick_livery(rng: Random, liveries: tuple[Livery, ...]) -> Livery:
    """The first livery mostly; the others keep a detector from learning one colour instead of a shape."""
    return rng.choices(liveries, weights=(8, 1, 1))[0]


def pick_pose(rng: Random, light: float) -> Pose:
    """Mostly facing the viewer to some degree; one in ten shows its back."""
    turn = rng.uniform(120, 240) if rng.random() < 0.1 else rng.triangular(-72, 72, rng.choice((-28, 28)))
    lean = max(-15.0, min(15.0, rng.gauss(0, 5)))
    return Pose(turn, rng.uniform(-24, 24), lean, rng.uniform(0, 360), rng.choice(FACES), light)
