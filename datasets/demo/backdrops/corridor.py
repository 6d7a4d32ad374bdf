"""Corridor of a ship: panels, light strips and a door at the far end, in one-point perspective."""

from __future__ import annotations

from PIL import Image

from datasets.demo.paint import Colour, Point, mix, oval
from datasets.demo.stage import Canvas, Stage

SCHEMES: tuple[tuple[Colour, Colour, Colour], ...] = (
    ((224, 230, 234), (120, 136, 152), (232, 146, 74)),
    ((176, 192, 200), (84, 102, 122), (96, 190, 200)),
    ((226, 216, 200), (142, 120, 108), (200, 92, 84)),
)


def paint(stage: Stage) -> Image.Image:
    canvas, (width, height) = stage.canvas(), stage.size
    wall, floor, trim = stage.rng.choice(SCHEMES)
    eye = (width * stage.rng.uniform(0.38, 0.62), stage.horizon - 8)
    canvas.fill(0, height, (mix(floor, wall, 0.3), mix(floor, wall, 0.6)))
    canvas.polygon([(0, height * 1.4), eye, (width, height * 1.4), (width, height), (0, height)], floor)
    canvas.fill(stage.horizon + 14, height, (mix(floor, wall, 0.35), floor, mix(floor, (40, 44, 60), 0.25)))
    _walls(canvas, stage, eye, (wall, floor, trim))
    _floor(canvas, stage, eye, floor)
    _door(canvas, stage, eye, (wall, floor, trim))
    return canvas.finish()


def _walls(canvas: Canvas, stage: Stage, eye: Point, paints: tuple[Colour, Colour, Colour]) -> None:
    """Side walls as panels that shrink towards the vanishing point, each with a trim and a light strip."""
    (width, height), (wall, floor, trim) = stage.size, paints
    glow = mix((255, 255, 250), (150, 220, 255), stage.mood.glow)
    for side in (0, width):
        cut = 1.0
        for index in range(6):
            following = cut * 0.64
            shade = mix(wall, floor, 0.10 + 0.10 * (index % 2) + (0.14 if (side > 0) == (stage.light > 0) else 0))
            for low, high, colour, lit in (
                (-1.5, 1.02, shade, True),
                (-0.42, -0.34, glow, False),
                (0.28, 0.40, trim, True),
                (0.86, 1.02, mix(floor, (40, 44, 60), 0.35), True),
            ):
                canvas.polygon(_panel(eye, side, (cut, following), (low, high), height), colour, lit)
            edge = _panel(eye, side, (cut, cut * 0.97), (-1.5, 1.02), height)
            canvas.polygon(edge, mix(floor, (40, 44, 60), 0.3))
            cut = following


def _panel(eye: Point, side: float, cuts: Point, rows: Point, height: float) -> list[Point]:
    """A wall panel between two depths (1 is the picture's edge, 0 the vanishing point) and two heights."""
    reach = height - eye[1]
    (near, far), (low, high) = cuts, rows
    corners = ((near, low), (far, low), (far, high), (near, high))
    return [(eye[0] + (side - eye[0]) * cut, eye[1] + reach * row * cut) for cut, row in corners]


def _floor(canvas: Canvas, stage: Stage, eye: Point, floor: Colour) -> None:
    width, height = stage.size
    line = mix(floor, (40, 44, 60), 0.3)
    reach, cut = height - eye[1], 1.0
    while cut > 0.08:
        y = eye[1] + reach * cut
        left, right = eye[0] - eye[0] * cut, eye[0] + (width - eye[0]) * cut
        canvas.line([(left, y), (right, y)], 0.5 + cut, line)
        cut *= 0.72
    for share in (0.25, 0.5, 0.75):
        canvas.line([(width * share, height), (eye[0], eye[1] + 6)], 1.0, line)
    strip = [(width * 0.36, height), (width * 0.64, height), (eye[0] + 4, eye[1] + 8), (eye[0] - 4, eye[1] + 8)]
    canvas.wash(strip, canvas.lit((255, 255, 255)), 0.16, 8)


def _door(canvas: Canvas, stage: Stage, eye: Point, paints: tuple[Colour, Colour, Colour]) -> None:
    wall, floor, trim = paints
    width, height = stage.size
    half, up, down = width * 0.075, stage.horizon * 0.36, (height - eye[1]) * 0.1
    frame = [(eye[0] - half, eye[1] - up), (eye[0] + half, eye[1] - up), (eye[0] + half, eye[1] + down)]
    canvas.polygon([*frame, (eye[0] - half, eye[1] + down)], mix(wall, floor, 0.55))
    canvas.polygon(oval((eye[0], eye[1] - up * 0.35), (half * 0.62, half * 0.62)), mix(floor, (30, 34, 52), 0.5))
    canvas.polygon(
        oval((eye[0], eye[1] - up * 0.35), (half * 0.4, half * 0.4)), mix(trim, (255, 255, 255), 0.3), lit=False
    )
    canvas.line([(eye[0], eye[1] - up), (eye[0], eye[1] + down)], 1.0, mix(floor, (30, 34, 52), 0.6))
    canvas.glow((eye[0], eye[1] - up * 0.35), half * 2.4, trim, 0.2 + 0.3 * stage.mood.glow)
