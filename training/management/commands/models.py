"""`manage.py models`: the registry as a list, or one model's card."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from sw_site.lib.commands import SiteCommand
from training.cards import as_markdown, model_card
from training.finding import ORDERS, ModelFilter
from training.lookup import model_of
from training.models import TrainedModel
from training.words import percent


class Command(SiteCommand):
    help = "List the models of the registry, or show one model's card."
    changes = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("model", metavar="MODEL", nargs="?", help="Show the card of this one.")
        for name in ("text", "dataset", "alias", "tag", "stage"):
            parser.add_argument(f"--{name}", default="", metavar=name.upper())
        parser.add_argument("--order", choices=ORDERS, default="newest")

    def run(self, **options: Any) -> dict[str, Any]:
        if options["model"]:
            return {"card": model_card(model_of(options["model"]))}
        found = ModelFilter.from_query(options).apply(TrainedModel.objects.for_list())
        return {"models": [row(model) for model in found]}

    def describe(self, result: dict[str, Any]) -> None:
        if "card" in result:
            self.stdout.write(as_markdown(result["card"]))
            return
        for one in result["models"]:
            names = " ".join([*one["aliases"], *one["tags"]])
            self.stdout.write(f"m{one['model']}  {one['name']}  AP50 {percent(one['ap50'])}  {names}".rstrip())


def row(model: TrainedModel) -> dict[str, Any]:
    return {
        "model": model.pk,
        "name": model.name,
        "dataset": model.run.version.dataset.slug,
        "version": model.run.version.number,
        "number": model.number,
        "ap": model.ap,
        "ap50": model.ap50,
        "stage": model.stage,
        "aliases": [alias.name for alias in model.aliases.all()],
        "tags": model.tags,
        "size_bytes": model.size_bytes,
    }
