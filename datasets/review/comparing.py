"""Answers of different people to the same image, set side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Max

from datasets.labels import boxes_as_json
from datasets.models import CheckAnswer, Image, Revision
from datasets.review.matching import Pair, Score, match, score

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NOW = "now"


@dataclass(frozen=True)
class Answer:
    """What somebody last made of an image: `key` is for addresses ("now", "person-3", "check-3")."""

    key: str
    title: str
    boxes: list[dict[str, Any]]
    negative: bool


@dataclass(frozen=True)
class Comparison:
    first: Answer
    second: Answer
    pairs: list[Pair]
    score: Score


def answers_to(image: Image, with_checks: bool) -> list[Answer]:
    """What is on the image now, each person's last revision of it and, for those who may see them, check answers."""
    latest = image.revisions.exclude(user=None).order_by().values("user").annotate(last=Max("number"))
    numbers = [row["last"] for row in latest]
    revisions = Revision.objects.filter(image=image, number__in=numbers).select_related("user").order_by("-number")
    found = [Answer(NOW, "On the photo now", boxes_as_json(image.boxes.all()), image.negative)]
    found += [Answer(f"person-{r.user_id}", f"{r.user}, revision {r.number}", r.boxes, r.negative) for r in revisions]
    if with_checks:
        answers = CheckAnswer.objects.filter(item__image=image).select_related("user")
        found += [
            Answer(f"check-{a.user_id}", f"{a.user}, answer to the check", a.boxes, a.negative)
            for a in answers
            if a.is_given
        ]
    return found


def compare(answers: Sequence[Answer], first: str = "", second: str = "") -> Comparison | None:
    """Two of the answers by key; without keys the two people who worked on it last. None when there is only one."""
    by_key: Mapping[str, Answer] = {answer.key: answer for answer in answers}
    people = [answer for answer in answers if answer.key != NOW]
    ordered = [*people, *(answer for answer in answers if answer.key == NOW)]
    one = by_key.get(first) or ordered[0]
    two = by_key.get(second) or next((answer for answer in ordered if answer is not one), None)
    if two is None:
        return None
    return Comparison(one, two, match(one.boxes, two.boxes), score(one.boxes, two.boxes))


def drawn(image: Image, found: Comparison) -> dict[str, Any]:
    """What the page draws and lists: rows of the table by number, and the boxes of both with their numbers."""
    classes = {one.pk: one for one in image.dataset.classes.all()}
    rows = []
    for number, pair in enumerate(found.pairs, start=1):
        sides = [
            {"box": box, "path": _path(box), "label": classes.get(box["class_id"])} if box else None
            for box in (pair.first, pair.second)
        ]
        rows.append({"number": number, "pair": pair, "first": sides[0], "second": sides[1], "word": _word(pair)})
    stroke = max(image.width, image.height) / 400
    return {"rows": rows, "stroke": round(stroke, 2), "font": round(stroke * 9, 1)}


def _path(box: Mapping[str, Any]) -> str:
    return f"M{box['x1']:.1f} {box['y1']:.1f}H{box['x2']:.1f}V{box['y2']:.1f}H{box['x1']:.1f}z"


def _word(pair: Pair) -> str:
    if pair.second is None:
        return "only the first"
    if pair.first is None:
        return "only the second"
    return "same" if pair.same_class else "another class"
