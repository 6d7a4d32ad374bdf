from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from datasets.lookup import dataset_by_name
from datasets.members import remove_member, set_member, set_team_role
from sw_site.accounts.roles import Role
from sw_site.lib.commands import SiteCommand


class Command(SiteCommand):
    help = "Members of a dataset and their roles; with options, changes them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("name", help="Name of the dataset.")
        parser.add_argument("--set", nargs=2, action="append", default=[], metavar=("PERSON", "ROLE"))
        parser.add_argument("--remove", action="append", default=[], metavar="PERSON")
        parser.add_argument("--everybody", metavar="ROLE", help="What people may do who are not members, or nobody.")

    def run(self, **options: Any) -> dict[str, Any]:
        dataset = dataset_by_name(options["name"])
        for person, role in options["set"]:
            set_member(dataset, person, role)
        for person in options["remove"]:
            remove_member(dataset, person)
        if options["everybody"]:
            set_team_role(dataset, options["everybody"])
        rows = dataset.memberships.select_related("user")
        return {
            "dataset": dataset.name,
            "everybody": Role(dataset.team_role).word,
            "members": [{"person": row.user.get_username(), "role": row.as_role.word} for row in rows],
        }

    def describe(self, result: dict[str, Any]) -> None:
        self.stdout.write(f"{result['dataset']}: everybody on the site is {result['everybody']}.")
        for row in result["members"]:
            self.stdout.write(f"{row['person']}: {row['role']}")
