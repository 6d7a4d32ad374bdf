"""The history of one image, and the way back to any state of it."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from datasets.models import Image
from datasets.revisions import restore_revision, revision_as_json
from sw_site.lib.commands import SiteCommand
from sw_site.lib.errors import UserError


class Command(SiteCommand):
    help = "List every saved state of an image's boxes, or go back to one of them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("image", type=int, help="Number of the image, as in its address.")
        parser.add_argument("--restore", type=int, metavar="REVISION", help="Make the image what it was then.")

    def run(self, **options: Any) -> dict[str, Any]:
        image = Image.objects.filter(pk=options["image"]).first()
        if image is None:
            raise UserError("no_such_image", f"There is no image {options['image']}.", 404)
        if options["restore"] is not None:
            image = restore_revision(image, options["restore"], None)
        revisions = [revision_as_json(one) for one in image.revisions.select_related("user")]
        return {"image": image.pk, "revision": image.revision, "revisions": revisions}

    def describe(self, result: dict[str, Any]) -> None:
        for one in result["revisions"]:
            who = one["user"] or "an import or a command"
            self.stdout.write(f"{one['number']:>5}  {one['when'][:19]}  {who}: {one['summary']}")
