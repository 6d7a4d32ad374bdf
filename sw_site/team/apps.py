from django.apps import AppConfig


class TeamConfig(AppConfig):
    name = "sw_site.team"
    label = "team"

    def ready(self) -> None:
        from django.contrib import admin

        from sw_site.lib.commands import AFTER
        from sw_site.lib.events import happened
        from sw_site.team.audit import write_command
        from sw_site.team.signing import AdminSignInForm
        from sw_site.team.webhooks.delivering import on_event

        admin.site.login_form = AdminSignInForm
        AFTER.append(write_command)
        happened.connect(on_event, dispatch_uid="webhooks")
