from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from datasets.lookup import dataset_by_name
from datasets.review.progress import progress
from sw_site.lib.commands import SiteCommand


class Command(SiteCommand):
    help = "How far a dataset is labelled and reviewed, by whom, and when it will be done."
    changes = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("name", help="Name of the dataset.")

    def run(self, **options: Any) -> dict[str, Any]:
        dataset = dataset_by_name(options["name"])
        return {"dataset": dataset.name, **progress(dataset).as_json()}

    def describe(self, result: dict[str, Any]) -> None:
        states = ", ".join(f"{count:,} {state}" for state, count in result["states"].items())
        self.stdout.write(f"{result['dataset']}: {states}.")
        for work, found in result["forecast"].items():
            when = f", about {found['days']:,} more days of work" if found["days"] else ""
            self.stdout.write(f"To {work}: {found['left']:,} left{when}.")
        for row in result["people"]:
            pace = f", {row['labelled_per_hour']:.0f} an hour" if row["labelled_per_hour"] else ""
            self.stdout.write(
                f"{row['person']}: {row['labelled']:,} labelled ({row['boxes']:,} boxes{pace}), "
                f"{row['reviewed']:,} reviewed, {row['to_label']:,} to label, {row['to_review']:,} to review."
            )
