from __future__ import annotations

import sys
from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from sw_site.lib.commands import SiteCommand
from sw_site.team.audit_models import AuditEntry, Via
from sw_site.team.audit_views import csv_lines


class Command(SiteCommand):
    help = "The audit trail: who did what, when, and from where."
    changes = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--text", default="", help="Words of the entry, or an address.")
        parser.add_argument("--person", default="")
        parser.add_argument("--dataset", default="", metavar="SHORT-NAME")
        parser.add_argument("--via", default="", choices=["", *Via.values])
        parser.add_argument("--since", type=date.fromisoformat, metavar="YYYY-MM-DD")
        parser.add_argument("--until", type=date.fromisoformat, metavar="YYYY-MM-DD")
        parser.add_argument("--most", type=int, default=100, help="How many, newest first (default 100).")
        parser.add_argument("--csv", metavar="FILE", help="Write all of them to a file; - is stdout.")

    def run(self, **options: Any) -> dict[str, Any]:
        names = ("text", "person", "dataset", "via", "since", "until")
        rows = AuditEntry.objects.matching(**{name: options[name] for name in names})
        if options["csv"]:
            lines = csv_lines(rows)
            if options["csv"] == "-":
                sys.stdout.writelines(lines)
            else:
                with Path(options["csv"]).open("w", newline="", encoding="utf-8") as file:
                    file.writelines(lines)
            return {"count": rows.count(), "entries": []}
        columns = ("at", "who", "via", "action", "summary", "dataset_name", "token", "address")
        entries = [{**row, "at": row["at"].isoformat()} for row in rows.values(*columns)[: options["most"]]]
        return {"count": rows.count(), "entries": entries}

    def describe(self, result: dict[str, Any]) -> None:
        for row in result["entries"]:
            where = f" from {row['address']}" if row["address"] else ""
            self.stdout.write(f"{row['at'][:19]} {row['who']} ({row['via']}{where}): {row['summary']}")
        self.stdout.write(f"{result['count']:,} in all.")
