from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from datasets.lookup import dataset_by_name
from datasets.members import person_called, set_member
from sw_site.lib.commands import SiteCommand
from sw_site.lib.errors import UserError
from sw_site.team.models import ApiToken, Scope, ServiceAccount
from sw_site.team.tokens import USUAL_DAYS, make_service, make_token, revoke


class Command(SiteCommand):
    help = "Makes, lists and revokes tokens of the API; with --service also the service account and its role."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("person", help="User name of a person or a service account.")
        parser.add_argument("--make", metavar="NAME", help="Make a token of this name; its key is printed once.")
        parser.add_argument("--scope", default="read", choices=Scope.values)
        parser.add_argument("--days", type=int, default=USUAL_DAYS, help=f"Until it expires (default {USUAL_DAYS}).")
        parser.add_argument("--dataset", action="append", default=[], metavar="SHORT-NAME", help="Only this one.")
        parser.add_argument("--revoke", type=int, metavar="ID")
        parser.add_argument("--service", action="store_true", help="Make the service account first if there is none.")
        parser.add_argument("--member", nargs=2, action="append", default=[], metavar=("DATASET", "ROLE"))

    def run(self, **options: Any) -> dict[str, Any]:
        name = options["person"]
        if options["service"] and not ServiceAccount.objects.filter(user__username=name).exists():
            make_service(name)
        user = person_called(name)
        for dataset, role in options["member"]:
            set_member(dataset_by_name(dataset), name, role)
        result: dict[str, Any] = {"person": name}
        if options["make"]:
            _, key = make_token(user, options["make"], options["scope"], options["days"], options["dataset"])
            result["key"] = key
        if options["revoke"]:
            token = ApiToken.objects.filter(pk=options["revoke"], user=user).first()
            if token is None:
                raise UserError("no_such_token", f"{name} has no token {options['revoke']}.", 404)
            revoke(token)
        return {**result, "tokens": [row_of(token) for token in ApiToken.objects.filter(user=user)]}

    def describe(self, result: dict[str, Any]) -> None:
        for row in result["tokens"]:
            used = f"last used {row['last_used_at'][:16]}" if row["last_used_at"] else "never used"
            self.stdout.write(f"{row['id']}: {row['name']} ({row['begins']}…), {row['scope']}, {row['state']}, {used}")
        if key := result.get("key"):
            self.stdout.write(f"{key}\nThis is shown once. Keep it like a password.")


def row_of(token: ApiToken) -> dict[str, Any]:
    times = {name: at and at.isoformat() for name in ("expires_at", "last_used_at") for at in [getattr(token, name)]}
    datasets = [dataset.slug for dataset in token.datasets.all()]
    own = {"id": token.pk, "name": token.name, "begins": token.begins, "scope": token.scope, "state": token.state}
    return {**own, "datasets": datasets, **times}
