from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "sw_site.accounts"
    label = "accounts"
