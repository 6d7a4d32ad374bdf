"""Signing in: throttled, in two steps for those who have a second factor, and noted in the audit trail."""

from __future__ import annotations

from typing import Any

from allauth.account.utils import perform_login
from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.contrib.auth.views import LoginView
from django.dispatch import receiver
from django.http import HttpResponse

from sw_site.team.audit import write_sign_in
from sw_site.team.throttling import FAILED, SIGNED_IN, refuse_too_many


class SignInForm(AuthenticationForm):
    """Django's form; after too many wrong tries from one address or for one name it asks to wait."""

    def clean(self) -> dict[str, Any]:
        refuse_too_many(self.request, str(self.cleaned_data.get("username", "")))
        return super().clean()


class SignInView(LoginView):
    """Name and password; who has a second factor is asked for its code next, and signed in by that."""

    redirect_authenticated_user = True
    authentication_form = SignInForm

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        return perform_login(self.request, form.get_user(), redirect_url=self.get_success_url())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(provider=settings.OIDC_NAME, **kwargs)


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
