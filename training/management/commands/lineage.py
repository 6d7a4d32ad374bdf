"""`manage.py lineage model MODEL`, `lineage image NUMBER`: where a model comes from, what came of a photo's boxes."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from datasets.models import Image
from sw_site.accounts.operator import operator
from sw_site.lib.commands import SiteCommand
from sw_site.lib.errors import UserError
from training.box_lineage import as_json, boxes_uses_of
from training.lineage import lineage_json
from training.lookup import model_of


class Command(SiteCommand):
    help = "What a model stands on and what stands on it; which versions and models know each box of a photo."
    changes = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("what", choices=["model", "image"])
        parser.add_argument("name", metavar="MODEL|NUMBER", help="A model's name, or a photo's number.")

    def run(self, **options: Any) -> dict[str, Any]:
        if options["what"] == "model":
            return lineage_json(model_of(options["name"]))
        number = options["name"]
        image = Image.objects.filter(pk=number).first() if number.isdecimal() and len(number) < 19 else None
        if image is None:
            raise UserError("no_such_image", f"There is no photo {number[:30]}.", 404)
        return {"image": image.pk, "boxes": as_json(boxes_uses_of(image, operator()))}

    def describe(self, result: dict[str, Any]) -> None:
        if "boxes" not in result:
            super().describe(result)
            return
        for row in result["boxes"]:
            versions = ", ".join(f"v{one['number']} ({one['split']})" for one in row["versions"]) or "no version"
            models = ", ".join(f"m{number}" for number in row["learnt_by"]) or "no model"
            self.stdout.write(f"{row['box']} {row['class_name']}: in {versions}; learnt by {models}")
