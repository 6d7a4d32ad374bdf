from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "sw_site"

    def ready(self) -> None:
        from sw_site import checks  # noqa: F401 -- registers itself
