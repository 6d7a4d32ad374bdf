from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from datasets.lookup import dataset_by_name
from sw_site.lib.commands import SiteCommand
from sw_site.lib.errors import UserError
from sw_site.lib.events import EVENTS
from sw_site.team.webhook_models import Webhook
from sw_site.team.webhooks.managing import make_webhook, try_out


class Command(SiteCommand):
    help = "Webhooks: lists, makes, tries and removes them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--make", metavar="URL", help="Its secret is printed once.")
        parser.add_argument("--events", nargs="+", default=list(EVENTS), choices=list(EVENTS))
        parser.add_argument("--dataset", metavar="NAME", help="Of this dataset only.")
        parser.add_argument("--ping", type=int, metavar="ID")
        parser.add_argument("--remove", type=int, metavar="ID")

    def run(self, **options: Any) -> dict[str, Any]:
        result: dict[str, Any] = {}
        if options["make"]:
            dataset = dataset_by_name(options["dataset"]) if options["dataset"] else None
            result["secret"] = make_webhook(dataset, options["make"], options["events"]).secret
        if options["ping"]:
            result["delivery"] = str(try_out(hook_of(options["ping"])).pk)
        if options["remove"]:
            hook_of(options["remove"]).delete()
        rows = Webhook.objects.select_related("dataset")
        return {**result, "webhooks": [row_of(hook) for hook in rows]}

    def describe(self, result: dict[str, Any]) -> None:
        for row in result["webhooks"]:
            state = "on" if row["active"] else "off"
            about = row["dataset"] or "all datasets"
            self.stdout.write(f"{row['id']}: {row['url']} ({about}; {state}): {', '.join(row['events'])}")
        if secret := result.get("secret"):
            self.stdout.write(f"{secret}\nThis secret is shown once. It signs what is sent.")


def hook_of(number: int) -> Webhook:
    found = Webhook.objects.filter(pk=number).first()
    if found is None:
        raise UserError("no_such_webhook", f"There is no webhook {number}.", 404)
    return found


def row_of(hook: Webhook) -> dict[str, Any]:
    dataset = hook.dataset.slug if hook.dataset else None
    return {"id": hook.pk, "url": hook.url, "events": hook.events, "dataset": dataset, "active": hook.active}
