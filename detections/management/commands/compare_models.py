"""`manage.py compare_models A B`: two evaluations of the same images side by side."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.http import QueryDict

from detections.comparison import GROUPS, Comparison, comparison_json
from detections.models import Evaluation
from sw_site.lib.commands import SiteCommand
from sw_site.lib.errors import UserError
from training.words import percent


class Command(SiteCommand):
    help = "Compare two evaluations of one version and split: figures, classes, what one finds and the other misses."
    changes = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("first", type=int, metavar="A", help="Number of an evaluation.")
        parser.add_argument("second", type=int, metavar="B", help="Number of another.")
        parser.add_argument("--score", type=float, default=0.5, help="Boxes count from this score. Default: 0.5.")
        parser.add_argument("--iou", type=float, default=0.5, help="And match from this IoU. Default: 0.5.")

    def run(self, **options: Any) -> dict[str, Any]:
        first, second = (evaluation_of(options[name]) for name in ("first", "second"))
        query = QueryDict(f"score={options['score']}&iou={options['iou']}")
        return comparison_json(Comparison.from_query(first, second, query))

    def describe(self, result: dict[str, Any]) -> None:
        row = "{:<24} {:>8} {:>8} {:>8}"
        self.stdout.write(row.format("", "A", "B", "B less A"))
        for name, found in {**result["figures"], **result["classes"]}.items():
            gain = "n/a" if found["gain"] is None else f"{found['gain']:+.1f}"
            self.stdout.write(row.format(name, percent(found["first"]), percent(found["second"]), gain))
        self.stdout.write(", ".join(f"{GROUPS[group]}: {count:,}" for group, count in result["objects"].items()))


def evaluation_of(number: int) -> Evaluation:
    found = Evaluation.objects.select_related("model", "version__dataset").filter(pk=number).first()
    if found is None:
        raise UserError("no_such_evaluation", f"There is no evaluation {number}. Its number is in its address.", 404)
    return found
