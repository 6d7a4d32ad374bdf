"""Who a provider's people are here: by the identity they used before, or by a mail address the provider checked."""

from __future__ import annotations

import logging
from typing import Any, NoReturn

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.http import HttpRequest

from sw_site.accounts.models import User
from sw_site.team.doors.refusing import refused_page

logger = logging.getLogger(__name__)


class ProviderAdapter(DefaultSocialAccountAdapter):
    """One account for each person: theirs is found, or a new one made where SW_OIDC_NEW_PEOPLE says so."""

    def authenticate_by_email(self, sociallogin: Any) -> tuple[User, str] | None:
        for email in checked_addresses(sociallogin):
            people = User.objects.filter(email__iexact=email, service__isnull=True)[:2]
            if len(people) == 1:
                return people[0], email
        return None

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """True, or raises the page that says why not."""
        emails = checked_addresses(sociallogin)
        if not settings.OIDC_NEW_PEOPLE:
            refuse(request, "There is no account here for you. An administrator can make one with your mail address.")
        if not emails:
            refuse(request, "The provider names no mail address of yours that it has checked.")
        if settings.OIDC_DOMAINS and not any(domain_of(email) in settings.OIDC_DOMAINS for email in emails):
            refuse(request, f"Accounts are made for addresses of {', '.join(settings.OIDC_DOMAINS)} alone.")
        if User.objects.filter(email__iexact=emails[0]).exists():
            refuse(request, "Several accounts here have your mail address. An administrator can put that right.")
        return True

    def is_auto_signup_allowed(self, request: HttpRequest, sociallogin: Any) -> bool:
        return True  # a name that is taken gets a number; nothing is asked

    def on_authentication_error(
        self, request: HttpRequest, provider: Any, error: Any = None, exception: Any = None, extra_context: Any = None
    ) -> None:
        logger.warning("Sign-in through %s failed: %s %s", provider, error, exception or "")

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """None is sent: the audit trail has it."""


def checked_addresses(sociallogin: Any) -> list[str]:
    return [address.email for address in sociallogin.email_addresses if address.verified]


def domain_of(email: str) -> str:
    return email.rpartition("@")[2].lower()


def refuse(request: HttpRequest, why: str) -> NoReturn:
    raise ImmediateHttpResponse(refused_page(request, why))
