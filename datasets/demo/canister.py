"""Canister: a ribbed cylinder with a domed top, one big eye and three stubby legs. One unit is about 0.85 of it."""

from __future__ import annotations

from datasets.demo.paint import Pen, Sprite, fineness, mix, oval, pill
from datasets.demo.pose import Livery, Pose
from datasets.demo.surface import Round

WHITE = (255, 255, 255)
BODY = Round(radius=0.285, base=-0.82, tip=0.05)  # latitude 0 is its upper rim, 0.64 its lower
DOME = Round(radius=0.285, base=-0.82, tip=0.05, height=0.27)


def draw_canister(scale: float, pose: Pose, livery: Livery) -> Sprite:
    """A Canister at `scale` pixels per unit; its foot is the middle of its three feet."""
    pen = Pen(half_width=0.66, up=1.36, down=0.14, scale=scale, finer=fineness(scale))
    with pen.turned(pose.lean, (0.0, -0.02)):
        with pen.layer():
            _antenna(pen, pose, livery)
            _legs(pen, pose, livery, front=False)
        with pen.layer():
            _body(pen, pose.turn + pose.twist, livery)
            _shade(pen, pose, livery)
        with pen.layer():
            _arms(pen, pose, livery)
        with pen.layer():
            _legs(pen, pose, livery, front=True)
        with pen.layer():
            _dome(pen, pose, livery)
            _shade(pen, pose, livery)
    return pen.sprite()


def _antenna(pen: Pen, pose: Pose, livery: Livery) -> None:
    x, y = DOME.at(pose.turn + 130, 55)
    pen.line([(x, y + 0.05), (x, y - 0.14)], 0.035, livery.dark)
    pen.line([(x - 0.05, y - 0.14), (x + 0.05, y - 0.14)], 0.035, livery.accent)


def _legs(pen: Pen, pose: Pose, livery: Livery, front: bool) -> None:
    """Three legs 120 degrees apart; those on the far side are drawn before the body."""
    ring = Round(radius=0.25, base=-0.20, tip=0.045)
    for turn in (0, 120, 240):
        angle = (pose.turn + pose.twist + turn + 180) % 360 - 180
        if (abs(angle) <= 90) != front:
            continue
        x, y = ring.at(angle, 0)
        pen.line([(x, y - 0.03), (x * 1.22, y + 0.14)], 0.10, livery.dark)
        pen.shape(pill((x * 1.28, y + 0.165), (0.105, 0.055), 0.05), livery.accent)
        pen.shape(pill((x * 1.28, y + 0.195), (0.115, 0.028), 0.02), livery.dark)


def _arms(pen: Pen, pose: Pose, livery: Livery) -> None:
    """A kettle handle on each side, as far out as the body's turn lets it show."""
    for turn in (90, 270):
        x, y = BODY.at(pose.turn + pose.twist + turn, 0.13)
        if abs(x) > 0.16:
            out = x + (0.10 if x > 0 else -0.10)
            pen.line([(x, y), (out, y + 0.04), (out, y + 0.24), (x, y + 0.28)], 0.05, livery.dark)


def _body(pen: Pen, turn: float, livery: Livery) -> None:
    pen.shape(BODY.patch(0, 180, 0, 0.64), livery.main)
    for low, high, colour in (
        (0.0, 0.045, livery.dark),
        (0.045, 0.085, livery.cream),
        (0.47, 0.56, livery.accent),
        (0.58, 0.64, livery.deep),
    ):
        pen.shape(BODY.patch(0, 180, low, high), colour)
    for stripe in range(12):  # the hazard band
        pen.shape(_slanted(turn + 30 * stripe, 0.47, 0.56), livery.dark)
    pen.shape(BODY.patch(turn, 47, 0.125, 0.43), livery.deep)
    pen.shape(BODY.patch(turn, 44, 0.135, 0.42), livery.cream)
    pen.shape(BODY.spot(turn - 14, 0.275, 22, 0.105), livery.dark)
    pen.glowing(BODY.spot(turn - 14, 0.275, 17, 0.08), livery.eye)
    pen.shape(BODY.spot(turn - 14, 0.275, 5, 0.024), livery.dark)
    for row, colour in enumerate((livery.main, livery.accent, livery.dark)):
        pen.shape(BODY.patch(turn + 27, 11, 0.18 + 0.07 * row, 0.22 + 0.07 * row), colour)
    for side in (100, 150, 210, 260):
        pen.shape(BODY.patch(turn + side, 17, 0.13, 0.43), livery.deep)
        pen.shape(BODY.patch(turn + side, 13, 0.155, 0.27), livery.main)
        pen.shape(BODY.patch(turn + side, 13, 0.30, 0.405), livery.cream)


def _slanted(turn: float, low: float, high: float) -> list[tuple[float, float]]:
    turn = (turn + 180) % 360 - 180
    if abs(turn) > 76:
        return []
    corners = ((turn - 12, high), (turn - 4, low), (turn + 8, low), (turn, high))
    return [BODY.at(t, latitude) for t, latitude in corners]


def _dome(pen: Pen, pose: Pose, livery: Livery) -> None:
    pen.shape(oval((0, DOME.base), (DOME.radius, DOME.tip)), livery.cream)
    pen.shape(DOME.patch(0, 180, 0, 90), livery.cream)
    pen.shape(DOME.patch(0, 180, 0, 10), livery.main)
    pen.shape(DOME.patch(0, 180, 76, 90), livery.main)
    for turn in (105, 180, 255):
        pen.shape(DOME.patch(pose.turn + turn, 20, 22, 58), livery.main)
    pen.shape(DOME.spot(pose.turn + 52, 26, 9, 9), livery.main)
    pen.shape(DOME.spot(pose.turn - 52, 26, 9, 9), livery.accent)
    _eye(pen, pose, livery)


def _eye(pen: Pen, pose: Pose, livery: Livery) -> None:
    pen.shape(DOME.spot(pose.turn, 40, 34, 30), livery.deep)
    pen.shape(DOME.spot(pose.turn, 40, 30, 26), livery.dark)
    pen.glowing(DOME.spot(pose.turn, 40, 22, 19), livery.eye)
    pen.shape(DOME.spot(pose.turn, 39, 12, 11), livery.dark)
    pen.shape(DOME.spot(pose.turn - 6, 46, 5.5, 5.5), WHITE)
    if pose.face in ("sleepy", "wink"):
        pen.shape(DOME.patch(pose.turn, 27, 42, 68), livery.main)


def _shade(pen: Pen, pose: Pose, livery: Livery) -> None:
    """Light from one side turns the flat shapes into a cylinder."""
    far, shadow = -pose.light, mix(livery.dark, livery.deep, 0.35)
    pen.shade(pill((far * 0.31, -0.55), (0.13, 0.62), 0.05), shadow, 0.62, 0.05)
    pen.shade(pill((pose.light * 0.30, -0.55), (0.035, 0.62), 0.03), shadow, 0.30, 0.025)
    pen.shade(pill((pose.light * 0.14, -0.55), (0.035, 0.55), 0.03), WHITE, 0.42, 0.03)
    pen.shade(pill((0, -0.80), (0.3, 0.02), 0.02), shadow, 0.25, 0.03)
