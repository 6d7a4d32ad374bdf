from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from datasets.management.commands.import_dataset import Command as ImportCommand
from datasets.management.importing import wait_for_import
from datasets.models import Dataset
from datasets.sources.jobs import check_urls_on, url_job
from datasets.sources.urls import parse_list
from sw_site.lib.commands import SiteCommand
from sw_site.lib.errors import UserError


class Command(ImportCommand):
    help = "Fetch the images of a list of addresses and import them. Needs SW_URL_IMPORT=true; public machines only."

    def add_arguments(self, parser: ArgumentParser) -> None:
        SiteCommand.add_arguments(self, parser)
        parser.add_argument("list", help="A text file with one address a line, or - for standard input.")
        parser.add_argument("--dataset", required=True, help="Name of the dataset; made if there is none.")

    def run(self, **options: Any) -> dict[str, Any]:
        check_urls_on()
        text = self._text(options["list"])
        parse_list(text)  # says what is wrong with it before anything is written
        dataset, _ = Dataset.objects.get_or_create(name=options["dataset"])
        job = url_job(dataset, text, None)
        return wait_for_import(job, "Fetching")

    @staticmethod
    def _text(name: str) -> str:
        try:
            return sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise UserError("list_unreadable", f"The list {name} cannot be read: {error}.") from error
