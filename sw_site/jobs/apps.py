from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "sw_site.jobs"
    label = "jobs"
