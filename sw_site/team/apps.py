from django.apps import AppConfig


class TeamConfig(AppConfig):
    name = "sw_site.team"
    label = "team"
