"""`manage.py promote MODEL [ALIAS]`: lets an alias point at a model, or takes it away."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from sw_site.lib.commands import SiteCommand
from training.curating import drop_alias, move_alias, set_note, set_stage, set_tags
from training.lookup import model_of
from training.models import ModelStage


class Command(SiteCommand):
    help = "Point an alias (production, candidate, or any word) at a model; set its stage, tags and note."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("model", metavar="MODEL", help="A model's name, number, or DATASET@ALIAS.")
        parser.add_argument("alias", metavar="ALIAS", nargs="?", default="")
        parser.add_argument("--remove", action="store_true", help="Take the alias away instead.")
        parser.add_argument("--stage", choices=ModelStage.values)
        parser.add_argument("--tags", metavar="A,B", help="Replaces the tags; an empty text takes all away.")
        parser.add_argument("--note", metavar="TEXT")

    def run(self, **options: Any) -> dict[str, Any]:
        model = model_of(options["model"])
        if options["alias"] and options["remove"]:
            drop_alias(model, options["alias"])
        elif options["alias"]:
            move_alias(model, options["alias"])
        if options["stage"]:
            set_stage(model, options["stage"])
        if options["tags"] is not None:
            set_tags(model, options["tags"].split(","))
        if options["note"] is not None:
            set_note(model, options["note"])
        names = list(model.aliases.order_by("name").values_list("name", flat=True))
        return {"model": model.name, "aliases": names, "stage": model.stage, "tags": model.tags}

    def describe(self, result: dict[str, Any]) -> None:
        self.stdout.write(f"{result['model']}: {', '.join(result['aliases']) or 'no alias'}, {result['stage']}.")
