from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model

from datasets.editor_keys import COMMANDS, all_keys, change_keys, changed_keys, printed, reset_keys
from sw_site.lib.commands import SiteCommand
from sw_site.lib.errors import UserError


class Command(SiteCommand):
    help = "List a person's keys of the label editor and the review desk, change a command's, or reset them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("username")
        parser.add_argument("name", nargs="?", default="", metavar="COMMAND", help='For example "draw".')
        parser.add_argument("keys", nargs="*", metavar="KEY", help="For example r or ctrl+shift+d; none: no key.")
        parser.add_argument("--reset", action="store_true", help="The site's keys: of all commands, or of COMMAND.")

    def run(self, **options: Any) -> dict[str, Any]:
        user = get_user_model().objects.filter(username=options["username"]).first()
        if user is None:
            raise UserError("unknown_person", f"Nobody here is called “{options['username']}”.", 404)
        changed = changed_keys(user)
        if options["name"]:
            usual = COMMANDS[options["name"]].usual if options["reset"] and options["name"] in COMMANDS else None
            changed = change_keys(user, {**changed, options["name"]: usual or options["keys"]})
        elif options["reset"]:
            reset_keys(user)
            changed = {}
        return {"keys": all_keys(changed), "changed": changed}

    def describe(self, result: dict[str, Any]) -> None:
        for name, keys in result["keys"].items():
            own = "  (own)" if name in result["changed"] else ""
            self.stdout.write(
                f"{name}\t{', '.join(printed(key) for key in keys) or 'none'}\t{COMMANDS[name].text}{own}"
            )
