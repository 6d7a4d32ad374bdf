"""`manage.py zoo list|download|add`: detectors others have trained, to start from."""

from __future__ import annotations

from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from datasets.lookup import dataset_by_name, version_of
from sw_site.jobs.waiting import wait_for
from sw_site.lib.commands import SiteCommand
from sw_site.lib.errors import UserError
from training.words import size
from training.zoo.cards import cards_for
from training.zoo.documents import document
from training.zoo.downloads import request_download
from training.zoo.store import add_file, archives


class Command(SiteCommand):
    help = "List the detectors of the model zoo, download one, or add an archive you have."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("action", choices=["list", "download", "add"])
        parser.add_argument("what", metavar="NAME|FILE", nargs="?", help="A name of the list, or an archive to add.")
        parser.add_argument("--dataset", metavar="NAME", help="With list: how its newest version's boxes fit.")

    def run(self, **options: Any) -> dict[str, Any]:
        if options["action"] == "list":
            version = version_of(dataset_by_name(options["dataset"])) if options["dataset"] else None
            return {"models": [document(card) for card in cards_for(version)]}
        if not options["what"]:
            raise UserError("nothing_named", f"Say what to {options['action']}; zoo list names what there is.")
        if options["action"] == "add":
            return asdict(add_file(Path(options["what"]).expanduser()))
        job = request_download(options["what"], submit=False)
        wait_for(job, job.title, quiet=options["json"], kept="What came is kept; the next download goes on from there.")
        return asdict(archives()[options["what"]])

    def describe(self, result: dict[str, Any]) -> None:
        if "models" not in result:
            known = f", checksum {result['known']}" if result["known"] else ""
            self.stdout.write(f"{result['name']}: {result['architecture']}, {size(result['bytes'])}{known}.")
            self.stdout.write(f"Start from it with manage.py train NAME --base zoo:{result['name']}")
            return
        for model in result["models"]:
            figures = (
                f"{model['speed_ms'] or '-':>5} ms  mAP {model['coco_map'] or '-':>5}  {model['input_size']:>5} px"
            )
            fit = f"  fit {model['fit']}" if model["fit"] else ""
            self.stdout.write(f"{'here' if model['here'] else '':5}{model['name']:58}{figures}{fit}")
