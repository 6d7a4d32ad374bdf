"""What all management commands of the site share: progress on stderr, `--json` for a machine-readable last line."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from sw_site.lib.errors import UserError

#: Told of each command that was run and may have changed something: its name, options and result.
AFTER: list[Callable[[str, dict[str, Any], dict[str, Any]], None]] = []


class SiteCommand(BaseCommand):
    """Subclasses write `run(**options) -> dict` (the JSON of docs/cli.md) and `describe(result)` for people."""

    #: False for commands that only tell.
    changes = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="Print the result as one line of JSON, last.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            result = self.run(**options)
        except UserError as error:
            if options["json"]:
                self.stdout.write(json.dumps(error.as_json()))
            raise CommandError(error.message) from error
        if self.changes and not options.get("dry_run"):
            for note in AFTER:
                note(self.__class__.__module__.rpartition(".")[2], options, result)
        if options["json"]:
            self.stdout.write(json.dumps(result))
        else:
            self.describe(result)

    def run(self, **options: Any) -> dict[str, Any]:
        raise NotImplementedError

    def describe(self, result: dict[str, Any]) -> None:
        for key, value in result.items():
            self.stdout.write(f"{key}: {value}")


@contextmanager
def progress_bar(description: str, *, quiet: bool = False) -> Iterator[Any]:
    """A `report(fraction, message)` callback that draws a bar on stderr."""
    with tqdm(
        total=100, desc=description, unit="%", file=sys.stderr, disable=quiet or None, leave=False,
        bar_format="{desc}: {percentage:3.0f}% |{bar}| {postfix} [{elapsed}]",
    ) as bar:  # fmt: skip

        def report(fraction: float, message: str) -> None:
            bar.n = round(100 * fraction)
            bar.set_postfix_str(message[:60], refresh=True)

        yield report
