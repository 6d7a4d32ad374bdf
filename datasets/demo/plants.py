"""Plants for the foreground."""

from __future__ import annotations

import math
from random import Random

from datasets.demo.paint import Pen, Sprite, fineness, mix, oval, pill

DARK = (40, 56, 60)
WHITE = (255, 255, 255)


def draw_cactus(scale: float, rng: Random, light: float) -> Sprite:
    """A column with two arms and a flower."""
    tall, green = rng.uniform(0.8, 1.3), rng.choice(((96, 150, 96), (120, 160, 88), (80, 136, 110)))
    pen = Pen(0.5, 1.5, 0.06, scale, fineness(scale * 1.4))
    with pen.layer():
        pen.shape(pill((0, -tall / 2), (0.11, tall / 2), 0.11), green)
        for side in (-1, 1):
            low, up = -tall * rng.uniform(0.3, 0.5), tall * rng.uniform(0.2, 0.36)
            elbow = (side * 0.26, low)
            pen.line([(0, low), elbow, (elbow[0], low - up)], 0.13, green)
            pen.disc((elbow[0], low - up), (0.065, 0.065), green)
        for shift in (-0.05, 0.02, 0.07):
            pen.line([(shift, -0.03), (shift, -tall + 0.07)], 0.014, mix(green, DARK, 0.3))
        pen.shade(pill((-light * 0.1, -tall / 2), (0.06, tall), 0.03), DARK, 0.4, 0.03)
        pen.disc((0.03, -tall), (0.06, 0.045), (244, 130, 150))
    return pen.sprite()


def draw_fern(scale: float, rng: Random, light: float) -> Sprite:
    """A tuft of bent leaves."""
    pen = Pen(0.7, 0.8, 0.08, scale, fineness(scale * 0.7))
    green = rng.choice(((86, 140, 76), (120, 168, 84), (64, 120, 88)))
    leaves = rng.randint(9, 13)
    for leaf in range(leaves):
        angle = math.radians(-160 + 140 * leaf / (leaves - 1) + rng.uniform(-6, 6))
        long = rng.uniform(0.35, 0.62)
        tip = (long * math.cos(angle) * 1.05, long * math.sin(angle) * 0.8 + 0.06 * abs(math.cos(angle)))
        middle = (tip[0] * 0.45, tip[1] * 0.72)
        side = (-0.05 * math.sin(angle), 0.05 * math.cos(angle))
        shade = mix(green, WHITE if tip[0] * light > 0 else DARK, rng.uniform(0.02, 0.28))
        ends = [(middle[0] + side[0], middle[1] + side[1]), tip, (middle[0] - side[0], middle[1] - side[1])]
        pen.shape([(0.02, 0.02), *ends, (-0.02, 0.02)], shade)
    return pen.sprite()


def draw_pine(scale: float, rng: Random, light: float) -> Sprite:
    """A small fir in three tiers, sometimes with snow."""
    tall, green = rng.uniform(0.9, 1.5), rng.choice(((56, 110, 92), (70, 124, 84)))
    pen = Pen(0.55, 1.65, 0.06, scale, fineness(scale * 1.5))
    snowy = rng.random() < 0.6
    with pen.layer():
        pen.line([(0, 0), (0, -0.3)], 0.1, (110, 84, 70))
        for tier in range(3):
            low = -0.16 - tall * 0.24 * tier
            half, top = 0.4 - 0.09 * tier, low - tall * 0.42
            pen.shape([(-half, low), (0, low + 0.05), (half, low), (0, top)], mix(green, WHITE, 0.06 * tier))
            if snowy:
                cap = [
                    (-half * 0.5, top + (low - top) * 0.52),
                    (0, top + (low - top) * 0.4),
                    (half * 0.5, top + (low - top) * 0.52),
                ]
                pen.shape([*cap, (0, top)], (236, 244, 250))
        pen.shade([(-light * 0.5, 0), (0, 0.1), (0, -tall - 0.2), (-light * 0.5, -tall)], DARK, 0.35, 0.05)
    return pen.sprite()


def draw_mushroom(scale: float, rng: Random, light: float) -> Sprite:
    """A spotted cap on a stalk: domed, but no droid."""
    pen = Pen(0.4, 0.75, 0.06, scale, fineness(scale * 0.6))
    tall, cap = rng.uniform(0.28, 0.5), rng.choice(((206, 92, 76), (222, 160, 90), (160, 120, 170)))
    with pen.layer():
        pen.shape(pill((0, -tall / 2), (0.08, tall / 2), 0.06), (240, 228, 206))
        pen.shape(oval((0, -tall), (0.26, 0.2), 180, 360), cap)
        pen.shape(oval((0, -tall), (0.26, 0.05)), mix(cap, DARK, 0.25))
        for x, y, size in ((-0.12, -0.07, 0.035), (0.03, -0.13, 0.045), (0.15, -0.05, 0.03)):
            pen.disc((x, -tall + y), (size, size * 0.8), (250, 240, 222))
        pen.shade(oval((-light * 0.2, -tall), (0.12, 0.4)), DARK, 0.4, 0.05)
    return pen.sprite()
