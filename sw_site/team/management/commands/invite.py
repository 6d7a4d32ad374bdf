"""`manage.py invite`: a link by which somebody comes to the site."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from sw_site.accounts.roles import MEMBER_ROLES
from sw_site.lib.commands import SiteCommand
from sw_site.lib.errors import UserError
from sw_site.team.invitation_models import Invitation
from sw_site.team.invitations import USUAL_DAYS, invite, path_of, send_by_mail, take_back


class Command(SiteCommand):
    help = "Invite somebody by a link or by mail; list what is open, take one back."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--email", default="", metavar="ADDRESS", help="Send the link there.")
        parser.add_argument("--dataset", default="", metavar="NAME", help="Where the person gets the role.")
        parser.add_argument("--role", default="annotator", choices=[role.word for role in MEMBER_ROLES])
        parser.add_argument("--days", type=int, default=USUAL_DAYS, help=f"It is open (default {USUAL_DAYS}).")
        parser.add_argument("--site", default="http://127.0.0.1:8000", metavar="URL", help="How people reach the site.")
        parser.add_argument("--list", action="store_true", help="Make none: list those there are.")
        parser.add_argument("--take-back", type=int, metavar="ID", help="Make none: let this link open nothing.")

    def run(self, **options: Any) -> dict[str, Any]:
        result: dict[str, Any] = {}
        if number := options["take_back"]:
            found = Invitation.objects.filter(pk=number).first()
            if found is None:
                raise UserError("no_such_invitation", f"There is no invitation {number}.", 404)
            take_back(found)
        elif not options["list"]:
            invitation, key = invite(options["email"], options["dataset"], options["role"], options["days"])
            link = f"{options['site'].rstrip('/')}{path_of(key)}"
            result = {"link": link, "said": send_by_mail(invitation, link)}
        return {**result, "invitations": [row_of(one) for one in Invitation.objects.select_related("dataset")]}

    def describe(self, result: dict[str, Any]) -> None:
        for row in result["invitations"]:
            where = f"{row['role']} of {row['dataset']}" if row["dataset"] else "the site"
            self.stdout.write(f"{row['id']}: {where}, {row['state']}, until {row['expires_at'][:10]} {row['email']}")
        if "link" in result:
            self.stdout.write(f"{result['link']}\n{result['said']} It is shown once and works once.")


def row_of(invitation: Invitation) -> dict[str, Any]:
    return {
        "id": invitation.pk,
        "email": invitation.email,
        "dataset": invitation.dataset.slug if invitation.dataset else None,
        "role": invitation.as_role.word,
        "state": invitation.state,
        "expires_at": invitation.expires_at.isoformat(),
    }
