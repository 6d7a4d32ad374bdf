"""The Roller's body: a patterned ball, rotated in three dimensions and lit, computed pixel by pixel."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from datasets.demo.paint import mix
from datasets.demo.pose import Livery, Pose

Floats = NDArray[np.float32]


def draw_ball(diameter: int, pose: Pose, livery: Livery) -> Image.Image:
    """The ball as an RGBA image of `diameter` x `diameter` pixels."""
    axis = (np.arange(diameter, dtype=np.float32) + 0.5) / diameter * 2 - 1
    x, y = axis[None, :], axis[:, None]
    square = x * x + y * y
    z = np.sqrt(np.clip(1 - square, 0, 1))
    normals = np.stack(np.broadcast_arrays(x, y, z), axis=-1)
    colour = _pattern(normals @ _rotation(pose).T, livery) * _light(normals, pose.light)[..., None]
    colour += _shine(normals, pose.light)[..., None]
    edge = np.clip((1 - np.sqrt(square)) * diameter / 2 + 0.5, 0, 1) * 255
    return Image.fromarray(np.dstack([np.clip(colour, 0, 255), edge]).astype(np.uint8), "RGBA")


def _rotation(pose: Pose) -> Floats:
    """Viewer to ball: turned around the upright axis, then rolled, then tipped so that a pole can be seen."""
    yaw, roll, tip = (math.radians(a) for a in (pose.turn + pose.twist, pose.roll, 32))
    around_y = [[math.cos(yaw), 0, -math.sin(yaw)], [0, 1, 0], [math.sin(yaw), 0, math.cos(yaw)]]
    around_x = [[1, 0, 0], [0, math.cos(roll), -math.sin(roll)], [0, math.sin(roll), math.cos(roll)]]
    around_z = [[math.cos(tip), -math.sin(tip), 0], [math.sin(tip), math.cos(tip), 0], [0, 0, 1]]
    return (np.array(around_z) @ np.array(around_x) @ np.array(around_y)).astype(np.float32)


def _pattern(points: Floats, livery: Livery) -> Floats:
    """Panels, a belt with studs and a flower on each pole, as RGB floats for unit vectors (height, width, 3)."""
    x, y, z = points[..., 0], points[..., 1], points[..., 2]
    around, pole = np.arctan2(y, x), np.abs(z)
    gores = np.sin(3 * around)
    main, panel, deep, cream, accent, dark = range(6)
    paint = np.where(gores > 0, panel, main).astype(np.uint8)
    paint[(np.abs(gores) * np.hypot(x, y) < 0.05) | (pole < 0.27)] = deep
    paint[pole < 0.235] = cream
    paint[pole < 0.075] = accent
    studs = (np.abs((around / math.pi * 3 + 0.5) % 1 - 0.5) * math.pi / 3) ** 2 + z * z
    paint[studs < 0.030] = cream
    paint[studs < 0.018] = dark
    petals = 0.80 - 0.10 * np.abs(np.sin(3 * around + 0.5))
    for edge, colour in ((petals - 0.03, deep), (petals, cream), (0.90, deep), (0.925, main), (0.972, accent)):
        paint[pole > edge] = colour
    tones = (livery.main, mix(livery.main, livery.deep, 0.12), livery.deep, livery.cream, livery.accent, livery.dark)
    return np.array(tones, np.float32)[paint]


def _light(normals: Floats, side: float) -> Floats:
    """Brightness per pixel: a soft key light from above, bounce from the ground, a darker rim."""
    lamp = np.array((0.55 * side, -0.72, 0.55), np.float32)
    key = np.clip((normals @ (lamp / np.linalg.norm(lamp)) + 0.35) / 1.35, 0, 1)
    bounce = np.clip(normals[..., 1], 0, 1) ** 3 * 0.10
    rim = (1 - normals[..., 2]) ** 3 * 0.16
    return (0.50 + 0.56 * key**0.85 + bounce - rim).astype(np.float32)


def _shine(normals: Floats, side: float) -> Floats:
    gloss = np.array((0.42 * side, -0.62, 0.66), np.float32)
    near = np.clip(normals @ (gloss / np.linalg.norm(gloss)), 0, 1)
    return (70 * near**28 + 14 * near**6).astype(np.float32)
