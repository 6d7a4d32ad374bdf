"""Signing in: throttled, and noted in the audit trail."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.core.exceptions import ValidationError
from django.dispatch import receiver

from sw_site.team.audit import write_sign_in
from sw_site.team.origin import address_of
from sw_site.team.throttling import FAILED, SIGNED_IN, WINDOW, too_many_tries


class SignInForm(AuthenticationForm):
    """Django's form; after too many wrong tries from one address or for one name it asks to wait."""

    def clean(self) -> dict[str, Any]:
        name = str(self.cleaned_data.get("username", ""))
        address = address_of(self.request) if self.request else ""
        if too_many_tries(address, name):
            minutes = WINDOW // 60
            raise ValidationError(f"Too many wrong tries. Wait {minutes} minutes, then try again.", code="throttled")
        return super().clean()


class AdminSignInForm(SignInForm, AdminAuthenticationForm):
    """The second door, /admin/login/: as narrow as the first."""


@receiver(user_logged_in)
def signed_in(request: Any, user: Any, **kwargs: Any) -> None:
    write_sign_in(request, user.get_username(), user, SIGNED_IN)


@receiver(user_logged_out)
def signed_out(request: Any, user: Any, **kwargs: Any) -> None:
    if user:
        write_sign_in(request, user.get_username(), user, "Signed out")


@receiver(user_login_failed)
def failed(credentials: dict[str, Any], request: Any = None, **kwargs: Any) -> None:
    write_sign_in(request, str(credentials.get("username", "")), None, FAILED)
