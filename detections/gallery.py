"""The judged boxes of an evaluation as a person filters them: by outcome, class and score threshold.

What becomes of a box depends only on better-scored ones (see `metrics.matching`), so one set of rows answers for
every threshold: boxes below it do not count, and an object whose true positive lies below it is missed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlencode

from django.db.models import Count, F, Q, QuerySet
from django.http import QueryDict

from detections.evaluation import KEEP_SCORE
from detections.metrics.operating import make_point
from detections.metrics.values import HEADLINE_SCORE, OperatingPoint
from detections.models import Evaluation, Match, MatchedBox

ORDER = (
    Match.TRUE_POSITIVE,
    Match.POOR_BOX,
    Match.WRONG_CLASS,
    Match.DUPLICATE,
    Match.BACKGROUND,
    Match.MISSED,
)


@dataclass(frozen=True)
class Chip:
    label: str
    count: int
    query: str
    current: bool


@dataclass(frozen=True)
class Gallery:
    """A filter over the boxes of one evaluation. Empty `match` and no `class_id` mean all."""

    evaluation: Evaluation
    match: str = ""
    class_id: int | None = None
    threshold: float = HEADLINE_SCORE

    @classmethod
    def from_query(cls, evaluation: Evaluation, query: QueryDict) -> Gallery:
        """Values that mean nothing are treated as not set."""
        match, class_id = query.get("match", ""), query.get("class", "")
        known = {row["class_id"] for row in evaluation.figures.get("per_class", [])}
        return cls(
            evaluation=evaluation,
            match=match if match in Match.values else "",
            class_id=next((number for number in known if str(number) == class_id), None),
            threshold=read_threshold(query.get("threshold", "")),
        )

    def rows(self) -> QuerySet[MatchedBox]:
        """The boxes of this filter, best score first, objects nobody found last."""
        rows = self.evaluation.boxes.filter(self.condition(self.match))
        if self.class_id is not None:
            rows = rows.filter(class_id=self.class_id)
        return rows.order_by(F("score").desc(nulls_last=True), "pk")

    def condition(self, match: str) -> Q:
        counted = Q(score__gte=self.threshold)
        missed = Q(match=Match.MISSED) | Q(match=Match.TRUE_POSITIVE, score__lt=self.threshold)
        if not match:
            return counted | missed
        return missed if match == Match.MISSED else counted & Q(match=match)

    @cached_property
    def counts(self) -> dict[tuple[str, int], int]:
        """How many boxes each (outcome, class id) has at this threshold."""
        result: dict[tuple[str, int], int] = defaultdict(int)
        totals = self.evaluation.boxes.order_by().values("match", "class_id")
        for row in totals.annotate(every=Count("pk"), counted=Count("pk", filter=Q(score__gte=self.threshold))):
            match, class_id = row["match"], row["class_id"]
            if match != Match.MISSED:
                result[match, class_id] += row["counted"]
            if match in (Match.MISSED, Match.TRUE_POSITIVE):
                result[Match.MISSED.value, class_id] += row["every"] - row["counted"]
        return dict(result)

    def count(self, match: str, class_id: int | None) -> int:
        return sum(
            number
            for (its_match, its_class), number in self.counts.items()
            if (not match or its_match == match) and (class_id is None or its_class == class_id)
        )

    def match_chips(self) -> Iterator[Chip]:
        for value, label in [("", "All"), *((str(match.value), str(match.label)) for match in ORDER)]:
            yield Chip(label, self.count(value, self.class_id), self.query(match=value), value == self.match)

    def class_chips(self) -> Iterator[Chip]:
        names = [(row["class_id"], row["name"]) for row in self.evaluation.figures.get("per_class", [])]
        for number, name in [(None, "All classes"), *names]:
            yield Chip(name, self.count(self.match, number), self.query(class_id=number), number == self.class_id)

    def point(self) -> OperatingPoint:
        """Precision and recall at this threshold, of this class or of all classes together."""
        hits = self.count(Match.TRUE_POSITIVE, self.class_id)
        missed = self.count(Match.MISSED, self.class_id)
        return make_point(self.threshold, hits, self.count("", self.class_id) - missed, hits + missed)

    def query(self, **changes: object) -> str:
        values = {"match": self.match, "class_id": self.class_id, "threshold": f"{self.threshold:g}", **changes}
        values["class"] = values.pop("class_id")
        return "?" + urlencode({key: value for key, value in values.items() if value not in (None, "")})


def read_threshold(text: str) -> float:
    """A score from KEEP_SCORE to 1; the headline's when the text is no number."""
    try:
        value = float(text)
    except ValueError:
        return HEADLINE_SCORE
    return min(max(value, KEEP_SCORE), 1.0) if value == value else HEADLINE_SCORE  # NaN is unequal to itself
