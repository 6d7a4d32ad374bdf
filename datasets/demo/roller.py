"""Roller: a patterned ball with a small half-dome head that balances on it. One unit is about its height."""

from __future__ import annotations

from datasets.demo.ball import draw_ball
from datasets.demo.face import draw_eyes
from datasets.demo.paint import Pen, Sprite, fineness, mix, oval
from datasets.demo.pose import Livery, Pose
from datasets.demo.surface import Round

BALL = 0.355
HEAD = Round(radius=0.235, base=-0.715, tip=0.045, height=0.235)
COLLAR = Round(radius=0.19, base=-0.70, tip=0.04)


def draw_roller(scale: float, pose: Pose, livery: Livery) -> Sprite:
    """A Roller at `scale` pixels per unit; its foot is where the ball touches the ground."""
    pen = Pen(half_width=0.55, up=1.18, down=0.04, scale=scale, finer=fineness(scale))
    pivot = (0.0, -BALL)
    lean = max(-16.0, min(16.0, pose.lean * 1.6))
    with pen.turned(lean, pivot), pen.layer():
        _antenna(pen, pose, livery)
    pen.stamp(draw_ball(round(2 * BALL * pen.scale), pose, livery), pivot)
    with pen.turned(lean, pivot), pen.layer():
        _head(pen, pose, livery)
    return pen.sprite()


def _antenna(pen: Pen, pose: Pose, livery: Livery) -> None:
    for turn, height, knob in ((62, 0.17, 0.03), (118, 0.10, 0.02)):
        x, y = HEAD.at(pose.turn + turn, 58)
        pen.line([(x, y + 0.03), (x * 1.15, y - height)], 0.018, livery.dark)
        pen.disc((x * 1.15, y - height), (knob, knob), livery.accent)


def _head(pen: Pen, pose: Pose, livery: Livery) -> None:
    pen.shape(COLLAR.patch(0, 180, -0.02, 0.035), livery.dark)
    pen.shape(HEAD.patch(0, 180, 0, 90), livery.cream)
    pen.shape(oval((0, HEAD.base), (HEAD.radius, HEAD.tip)), livery.cream)
    pen.shape(HEAD.patch(0, 180, 0, 11), livery.main)
    pen.shape(HEAD.patch(0, 180, 11, 15), livery.deep)
    pen.shape(HEAD.patch(0, 180, 71, 90), livery.main)
    for turn in (100, 180, 260):
        pen.shape(HEAD.spot(pose.turn + turn, 40, 19, 16), livery.deep)
        pen.shape(HEAD.spot(pose.turn + turn, 40, 13, 11), livery.accent)
    pen.shape(HEAD.patch(pose.turn, 60, 20, 64), livery.deep)
    pen.shape(HEAD.patch(pose.turn, 56, 23, 61), livery.dark)
    draw_eyes(pen, HEAD, pose, livery.eye)
    _shade_head(pen, pose, livery)


def _shade_head(pen: Pen, pose: Pose, livery: Livery) -> None:
    far = -pose.light
    pen.shade(oval((far * 0.23, -0.72), (0.13, 0.24)), mix(livery.dark, livery.main, 0.2), 0.5, 0.05)
    pen.shade(oval((pose.light * 0.10, -0.88), (0.06, 0.035)), (255, 255, 255), 0.75, 0.022)
