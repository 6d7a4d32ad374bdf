"""From the box a file states to a box that lies on the upright picture, with a sentence for whatever was changed."""

from __future__ import annotations

from dataclasses import dataclass, replace

from datasets.formats.records import AnnotationRecord, BoxRecord, FormatError
from datasets.geometry import Edges, area, clip_edges, order_edges, overshoot, scale_edges, turn_edges
from datasets.pictures import Picture

#: labelImg users overshoot the edge by a pixel or two; that is clipped without a word.
SILENT_OVERSHOOT = 2.0


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


def place_boxes(record: AnnotationRecord, frame: Frame) -> tuple[list[BoxRecord], list[FormatError]]:
    """Boxes in upright pixels, inside the image and with an area; and what had to be changed or left out."""
    problems: list[FormatError] = []
    placed = []
    move = _frame_change(record, frame, problems)
    for position, box in enumerate(record.boxes, start=1):
        edges = move((box.x1, box.y1, box.x2, box.y2))
        fitted = _fit(edges, frame, f"Box {position} ({box.name})", problems)
        if fitted:
            placed.append(replace(box, x1=fitted[0], y1=fitted[1], x2=fitted[2], y2=fitted[3]))
    return placed, problems


def _frame_change(record: AnnotationRecord, frame: Frame, problems: list[FormatError]):
    """How the file's pixels become upright pixels. labelImg since 1.8 draws upright, older ones in the stored frame."""
    stated, upright, raw = (record.width, record.height), (frame.width, frame.height), frame.raw_size
    if stated == upright or 0 in stated:
        return lambda edges: edges
    if stated == raw:
        return lambda edges: turn_edges(edges, frame.orientation, *raw)
    x_factor, y_factor = upright[0] / stated[0], upright[1] / stated[1]
    sizes = f"The annotation says {stated[0]} x {stated[1]} pixels, the image has {upright[0]} x {upright[1]}"
    if abs(x_factor / y_factor - 1) < 0.02:
        problems.append(FormatError("size_rescaled", f"{sizes}; the boxes were scaled to fit. Check them."))
        return lambda edges: scale_edges(edges, x_factor, y_factor)
    problems.append(FormatError("size_differs", f"{sizes}; the boxes were kept as they are. Check them."))
    return lambda edges: edges


def _fit(edges: Edges, frame: Frame, what: str, problems: list[FormatError]) -> Edges | None:
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
    return clipped
