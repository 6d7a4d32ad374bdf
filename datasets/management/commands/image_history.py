"""The history of one image, and the way back to any state of it."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from datasets.models import Image
from datasets.review.history import reviews_of
from datasets.revisions import restore_revision, revision_as_json
from sw_site.lib.commands import SiteCommand
from sw_site.lib.errors import UserError


class Command(SiteCommand):
    help = "List every saved state of an image's boxes and what reviewers said of it, or go back to one of them."

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
        reviews = [review.as_json() for review in reviews_of(image)]
        return {"image": image.pk, "revision": image.revision, "revisions": revisions, "reviews": reviews}

    def describe(self, result: dict[str, Any]) -> None:
        for one in result["revisions"]:
            who = one["user"] or "an import or a command"
            self.stdout.write(f"{one['number']:>5}  {one['when'][:19]}  {who}: {one['summary']}")
        for one in result["reviews"]:
            seen = "" if one["revision"] is None else f" revision {one['revision']}"
            said = f": {one['note']['text']}" if one["note"] else ""
            self.stdout.write(f"       {one['when'][:19]}  {one['user'] or 'somebody'} {one['said']}{seen}{said}")
