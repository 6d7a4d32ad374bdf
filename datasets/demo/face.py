"""Glowing eyes on a curved head, in a few expressions."""

from __future__ import annotations

from datasets.demo.paint import Colour, Pen, mix
from datasets.demo.pose import Pose
from datasets.demo.surface import Round

WHITE = (255, 255, 255)


def draw_eyes(pen: Pen, head: Round, pose: Pose, glow: Colour) -> None:
    """Two eyes, left and right of where the head looks."""
    for side in (-1, 1):
        closed = pose.face == "sleepy" or (pose.face == "wink" and side == 1)
        _eye(pen, head, pose.turn + 25 * side, "closed" if closed else pose.face, glow)


def _eye(pen: Pen, head: Round, turn: float, face: str, glow: Colour) -> None:
    if face == "closed":
        pen.glowing(head.patch(turn, 13, 37, 43), glow)
    elif face == "happy":
        pen.glowing(head.spot(turn, 42, 14, 12), glow)
        pen.shape(head.spot(turn, 35, 11, 12), mix(glow, (20, 30, 50), 0.93))
    else:
        pen.glowing(head.spot(turn, 42, 12.5, 14), glow)
        pen.shape(head.spot(turn - 3, 47, 4.5, 5), WHITE)
