"""`manage.py desk`: models by dataset, work at hand, machines and disk."""

from __future__ import annotations

from typing import Any

from sw_site.accounts.operator import operator
from sw_site.lib.commands import SiteCommand
from training.dashboard import dashboard_json
from training.words import percent, size


class Command(SiteCommand):
    help = "The training desk: models by dataset, what runs and waits, devices, disk."
    changes = False

    def run(self, **options: Any) -> dict[str, Any]:
        return dashboard_json(operator())

    def describe(self, result: dict[str, Any]) -> None:
        for row in result["datasets"]:
            best = f", best m{row['best']['model']} AP50 {percent(row['best']['ap50'])}" if row["best"] else ""
            self.stdout.write(f"{row['dataset']}: {row['models']} models{best}")
        for run in result["running"]:
            self.stdout.write(f"run {run['run']} on {run['device']}: step {run['step']:,} of {run['steps']:,}")
        for place, number in enumerate(result["waiting"], start=1):
            self.stdout.write(f"run {number} waits, number {place}")
        for device in result["devices"]:
            self.stdout.write(f"{device['host']} {device['device']} {device['name']}: {device['state']}")
        self.stdout.write(f"Runs take {size(result['disk']['used'])}; {size(result['disk']['free'])} are free.")
