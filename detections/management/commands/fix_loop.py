"""`manage.py fix_loop MODEL [--next]`: from fixed labels to a compared model, step by step."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from detections.loop import go_on, loop_json, loop_of
from sw_site.lib.commands import SiteCommand
from training.lookup import model_of


class Command(SiteCommand):
    help = (
        "A version with the fixes, the same training again, both models on the same test images: state and next step."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("model", metavar="MODEL", help="The model from before the fixes: its name or number.")
        parser.add_argument("--next", action="store_true", help="Do the next step; trainings are queued.")

    def run(self, **options: Any) -> dict[str, Any]:
        model = model_of(options["model"])
        return loop_json(go_on(model, None) if options["next"] else loop_of(model))
