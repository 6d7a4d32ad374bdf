from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from datasets.members import person_called
from sw_site.lib.commands import SiteCommand
from sw_site.team.doors.factor import factor_of, take_away


class Command(SiteCommand):
    help = "Shows somebody's second factor; --remove takes it away from who has lost the app and the recovery codes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("person", help="User name.")
        parser.add_argument("--remove", action="store_true")

    def run(self, **options: Any) -> dict[str, Any]:
        user = person_called(options["person"])
        removed = take_away(user) if options["remove"] else 0
        factor = factor_of(user)
        times = {name: at and at.isoformat() for name in ("since", "last_used") for at in [getattr(factor, name)]}
        return {"person": user.get_username(), "removed": bool(removed), **factor._asdict(), **times}

    def describe(self, result: dict[str, Any]) -> None:
        if result["removed"]:
            self.stdout.write(f"{result['person']} signs in with the password alone again.")
        elif result["active"]:
            since, left = result["since"][:10], result["codes_left"]
            self.stdout.write(f"{result['person']} has one since {since}; {left} recovery codes are left.")
        else:
            self.stdout.write(f"{result['person']} has none.")
