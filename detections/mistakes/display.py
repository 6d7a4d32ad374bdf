"""A suspicion as its page draws it: the label on the left, the model's answer on the right, the whole photo beside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString, mark_safe

from datasets.models import Box
from datasets.models.annotation import BoxSource
from detections.backdrop import View, cut_out
from detections.display import ClassStyle, draw
from detections.mistake_models import Kind, Suspicion
from detections.tiles import Shape, view_of

QUESTIONS = {
    Kind.MISSING: "Is a label missing here?",
    Kind.WRONG_CLASS: "Is the class wrong?",
    Kind.POOR_BOX: "Is the box badly placed?",
    Kind.DUPLICATE: "Is one object labelled twice?",
    Kind.EXTRA: "Is there nothing to label here?",
}
TAKING = {
    Kind.MISSING: "Add the model's box",
    Kind.WRONG_CLASS: "Take the model's class",
    Kind.POOR_BOX: "Take the model's box",
    Kind.DUPLICATE: "Remove this label",
    Kind.EXTRA: "Remove this label",
}
#: Pixels that the longer side of a picture needs; three stand side by side.
ENOUGH_PIXELS = 500
RIGHT = {Kind.MISSING: "Nothing is missing"}


@dataclass(frozen=True)
class Card:
    """What the page of one suspicion shows."""

    suspicion: Suspicion
    question: str
    take: str
    right: str
    label: SafeString
    model: SafeString
    photo: SafeString
    label_words: str
    model_words: str


def make_card(suspicion: Suspicion) -> Card:
    """Two queries: the photo's labels and the classes."""
    image = suspicion.image
    rows = Box.objects.filter(image=image).exclude(source=BoxSource.MODEL).select_related("label_class")
    others = [(box.label_class.number, shape_of(box)) for box in rows if box.pk != suspicion.box_id]
    known = {row.pk: row for row in image.dataset.classes.all()}
    style = ClassStyle({c.number: c.name for c in known.values()}, {c.number: c.colour for c in known.values()})
    was, said = (placed(row, known) for row in (suspicion.was, suspicion.proposal))
    meant = was or said
    assert meant is not None  # noqa: S101 - a suspicion has a label or a proposal
    frame = view_of(around(was, said), image.width, image.height)
    faint = [draw(shape, style, kind="truth dashed other") for _, shape in others]
    ours = [draw(was, style, kind="truth dashed")] if was else []
    theirs = [draw(said, style)] if said else []
    kind = Kind(suspicion.kind)
    return Card(
        suspicion=suspicion,
        question=QUESTIONS[kind],
        take=TAKING[kind],
        right=RIGHT.get(kind, "The label is right"),
        label=picture(suspicion, frame, faint + ours, "the label"),
        model=picture(suspicion, frame, faint + theirs, "the model's answer"),
        photo=picture(suspicion, (0, 0, image.width, image.height), faint + ours + theirs, "the whole photo"),
        label_words=style.name(was.class_id) if was else "no label",
        model_words=words(suspicion.proposal),
    )


def words(proposal: dict[str, Any] | None) -> str:
    return f"{proposal['class']} {proposal['score']:.2f}" if proposal else "nothing here"


def shape_of(box: Box) -> Shape:
    return Shape(box.label_class.number, box.x1, box.y1, box.x2, box.y2)


def placed(row: dict[str, Any] | None, known: dict[int, Any]) -> Shape | None:
    if row is None:
        return None
    number = known[row["class_id"]].number if row["class_id"] in known else 0
    return Shape(number, row["x1"], row["y1"], row["x2"], row["y2"])


def around(*shapes: Shape | None) -> Shape:
    """What holds all the shapes."""
    there = [shape for shape in shapes if shape]
    low = (min(shape.x1 for shape in there), min(shape.y1 for shape in there))
    high = (max(shape.x2 for shape in there), max(shape.y2 for shape in there))
    return Shape(0, *low, *high)


def picture(suspicion: Suspicion, view: View, shapes: list[SafeString], what: str) -> SafeString:
    over = mark_safe("".join(shapes))  # noqa: S308 - escaped in `draw`
    return cut_out(suspicion.image, view, over, f"{suspicion.image.file_name}: {what}", ENOUGH_PIXELS)
