"""From the box a file states to a box that lies on the upright picture, with a sentence for whatever was changed."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from datasets.formats.records import AnnotationRecord, BoxRecord, FormatError
from datasets.geometry import Edges, area, clip_edges, order_edges, overshoot, scale_edges, turn_edges
from datasets.pictures import Picture

#: labelImg users overshoot the edge by a pixel or two; that is clipped without a word.
SILENT_OVERSHOOT = 2.0
#: Pixels; networks see nothing in less, and it is mostly a slip of the mouse.
TINY = 4
#: Share of the longer side by which edges made of six decimals may miss a whole pixel.
SNAP = 1e-6


@dataclass(frozen=True)
class Frame:
    """The picture a file's boxes are to be placed on."""

    width: int
    height: int
    raw_size: tuple[int, int]
    orientation: int

    @classmethod
    def of(cls, picture: Picture) -> Frame:
        return cls(picture.width, picture.height, picture.raw_size, picture.orientation)


def place_boxes(
    record: AnnotationRecord, frame: Frame, stored_frame: bool = False
) -> tuple[list[BoxRecord], list[FormatError]]:
    """Boxes in upright pixels, inside the image and with an area; and what had to be changed or left out.

    `stored_frame` says that boxes were drawn on the picture as it is stored, not turned upright, where the sizes in
    the file cannot tell (labelImg before 2018).
    """
    problems: list[FormatError] = []
    move = _frame_change(record, frame, problems, stored_frame) if record.boxes else None
    placed: dict[BoxRecord, None] = {}
    for position, box in enumerate(record.boxes, start=1):
        edges = (box.x1, box.y1, box.x2, box.y2)
        fitted = _fit(move(edges) if move else edges, frame, position, box.name, problems)
        if fitted is None:
            continue
        if fitted != edges:
            box = replace(box, x1=fitted[0], y1=fitted[1], x2=fitted[2], y2=fitted[3])
        if box in placed:
            message = f"Box {position} ({box.name}) stands in the file twice; it was taken once."
            problems.append(FormatError("box_repeated", message))
        placed[box] = None
    return list(placed), problems


def _frame_change(
    record: AnnotationRecord, frame: Frame, problems: list[FormatError], stored_frame: bool
) -> Callable[[Edges], Edges] | None:
    """How the file's pixels become upright pixels. labelImg since 1.8 draws upright, older ones in the stored frame."""
    if record.relative:
        return _from_shares(frame, problems, stored_frame)
    stated, upright, raw = (record.width, record.height), (frame.width, frame.height), frame.raw_size
    if 0 in stated:
        return _ambiguous(frame, problems, stored_frame)
    if stated == upright and (stated != raw or frame.orientation == 1):
        return None
    if stated == upright == raw:  # turned by half, mirrored, or square: the size does not tell
        return _ambiguous(frame, problems, stored_frame)
    if stated == raw:
        return lambda edges: turn_edges(edges, frame.orientation, *raw)
    x_factor, y_factor = upright[0] / stated[0], upright[1] / stated[1]
    sizes = f"The annotation says {stated[0]} x {stated[1]} pixels, the image has {upright[0]} x {upright[1]}"
    if abs(x_factor / y_factor - 1) < 0.02:
        problems.append(FormatError("size_rescaled", f"{sizes}; the boxes were scaled to fit. Check them."))
        return lambda edges: scale_edges(edges, x_factor, y_factor)
    problems.append(FormatError("size_differs", f"{sizes}; the boxes were kept as they are. Check them."))
    return None


def _ambiguous(frame: Frame, problems: list[FormatError], stored_frame: bool) -> Callable[[Edges], Edges] | None:
    if frame.orientation == 1:
        return None
    how = "as it is stored" if stored_frame else "turned upright"
    problems.append(
        FormatError(
            "exif_ambiguous",
            f"The photo has EXIF orientation {frame.orientation}, and nothing tells whether its boxes were drawn on it "
            f"upright or as stored. They were taken as drawn on it {how}. Look at one, and import again with the other "
            "choice if they lie wrong.",
        )
    )
    return (lambda edges: turn_edges(edges, frame.orientation, *frame.raw_size)) if stored_frame else None


def _from_shares(frame: Frame, problems: list[FormatError], stored_frame: bool) -> Callable[[Edges], Edges]:
    turn = _ambiguous(frame, problems, stored_frame)
    if turn is None:
        return lambda edges: _pixels(edges, frame.width, frame.height)
    return lambda edges: turn(_pixels(edges, *frame.raw_size))


def _pixels(edges: Edges, width: int, height: int) -> Edges:
    """Pixels of shares; whole ones where six decimals can only have meant them."""
    near = SNAP * max(width, height)
    x1, y1, x2, y2 = (_snapped(v, near) for v in scale_edges(edges, width, height))
    return x1, y1, x2, y2


def _snapped(value: float, near: float) -> float:
    return float(round(value)) if math.isfinite(value) and abs(value - round(value)) < near else value


def _fit(edges: Edges, frame: Frame, position: int, name: str, problems: list[FormatError]) -> Edges | None:
    x1, y1, x2, y2 = edges
    if min(x1, y1) >= 0 and x2 <= frame.width and y2 <= frame.height and x2 - x1 >= TINY and y2 - y1 >= TINY:
        return edges  # nearly all are good
    what = f"Box {position} ({name})"
    ordered = order_edges(edges)
    if ordered != edges:
        problems.append(FormatError("box_inverted", f"{what} had its edges in the wrong order; they were swapped."))
    if area(ordered) == 0:
        problems.append(
            FormatError("box_zero_size", f"{what} has no area and was left out. Draw it again if it matters.")
        )
        return None
    clipped = clip_edges(ordered, frame.width, frame.height)
    if area(clipped) == 0:
        problems.append(FormatError("box_outside", f"{what} lies outside the image and was left out."))
        return None
    if overshoot(ordered, frame.width, frame.height) > SILENT_OVERSHOOT:
        problems.append(FormatError("box_clipped", f"{what} reached outside the image and was clipped to it."))
    if min(clipped[2] - clipped[0], clipped[3] - clipped[1]) < TINY:
        problems.append(FormatError("box_tiny", f"{what} is less than {TINY} pixels wide or high. Is it meant?"))
    return clipped
