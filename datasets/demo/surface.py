"""Points on round bodies that turn: a drum (cylinder) and a dome, both seen slightly from above.

Angles are degrees; 0 faces the viewer, positive turns to the viewer's right. What lies beyond 90 degrees is hidden.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from datasets.demo.paint import Point


@dataclass(frozen=True)
class Round:
    """A dome (`height` > 0, latitude in degrees) or a drum (`height` 0, latitude in units downwards from `base`)."""

    radius: float
    base: float
    tip: float  # how far the front of a ring hangs below its middle: the view from above
    height: float = 0.0

    def at(self, turn: float, latitude: float) -> Point:
        angle = math.radians(turn)
        if not self.height:
            return self.radius * math.sin(angle), self.base + latitude + self.tip * math.cos(angle)
        up = math.radians(latitude)
        ring = math.cos(up)
        drop = self.tip * ring * math.cos(angle)
        return self.radius * ring * math.sin(angle), self.base - self.height * math.sin(up) + drop

    def patch(self, turn: float, half: float, low: float, high: float) -> list[Point]:
        """A panel `half` degrees to each side of `turn` between two latitudes; empty when it faces away."""
        left, right = _visible(turn, half)
        if left >= right:
            return []
        turns = [left + (right - left) * i / 14 for i in range(15)]
        climb = [low + (high - low) * i / 8 for i in range(1, 8)]
        bottom = [self.at(t, low) for t in turns] + [self.at(right, lat) for lat in climb]
        return bottom + [self.at(t, high) for t in reversed(turns)] + [self.at(left, lat) for lat in reversed(climb)]

    def spot(self, turn: float, latitude: float, half: float, tall: float) -> list[Point]:
        """An ellipse lying on the surface; empty when it faces away."""
        turn = (turn + 180) % 360 - 180
        if abs(turn) - half >= 88:
            return []
        circle = (math.radians(10 * i) for i in range(36))
        clamp = ((min(90.0, max(-90.0, turn + half * math.cos(a))), latitude + tall * math.sin(a)) for a in circle)
        return [self.at(t, lat) for t, lat in clamp]


def _visible(turn: float, half: float) -> tuple[float, float]:
    turn = (turn + 180) % 360 - 180
    return max(-90.0, turn - half), min(90.0, turn + half)
