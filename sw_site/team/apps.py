from django.apps import AppConfig


class TeamConfig(AppConfig):
    name = "sw_site.team"
    label = "team"

    def ready(self) -> None:
        from sw_site.lib.commands import AFTER
        from sw_site.lib.events import happened
        from sw_site.team.audit import write_command
        from sw_site.team.webhooks.delivering import on_event

        AFTER.append(write_command)
        happened.connect(on_event, dispatch_uid="webhooks")
