"""Pages of one's own ways in, and of coming in through the provider. Most of them are django-allauth's."""

from __future__ import annotations

from typing import Any

import requests
from allauth.account.models import EmailAddress
from allauth.socialaccount.internal.flows.connect import disconnect, validate_disconnect
from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.providers.openid_connect import views as openid
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import PasswordChangeView
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST, require_safe

from sw_site.team.doors.factor import factor_of
from sw_site.team.doors.forms import OwnPasswordForm
from sw_site.team.doors.refusing import refused_page


@never_cache
@require_safe
def ways_in(request: HttpRequest) -> HttpResponse:
    """What the person has: a password, a second factor, identities at the provider."""
    accounts = SocialAccount.objects.filter(user=request.user)
    context = {"factor": factor_of(request.user), "accounts": accounts, "provider": settings.OIDC_NAME}
    return TemplateResponse(request, "team/doors/ways_in.html", context)


@require_POST
def provider_forget(request: HttpRequest, number: int) -> HttpResponse:
    """The identity opens this account no more; the last way in stays."""
    account = get_object_or_404(SocialAccount, pk=number, user=request.user)
    try:
        validate_disconnect(request, account)
    except ValidationError:
        messages.warning(request, "This is your only way in. Ask an administrator for a password first.")
        return redirect("mfa_index")
    disconnect(request, account)
    EmailAddress.objects.filter(user=account.user).delete()  # only allauth's copy, of what the provider had checked
    return redirect("mfa_index")


@login_not_required
@require_GET
def provider_sign_in(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Leads to the provider. `process=connect` adds an identity to the account that is signed in."""
    try:
        return openid.login(request, provider_id=provider_id)
    except (requests.RequestException, KeyError, ValueError):
        return unreachable(request)


@login_not_required
@require_GET
def provider_back(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Where the provider sends people back to."""
    try:
        return openid.callback(request, provider_id=provider_id)
    except (KeyError, ValueError):  # an answer that is no OpenID Connect
        return unreachable(request)


def unreachable(request: HttpRequest) -> HttpResponse:
    return refused_page(
        request, f"{settings.OIDC_NAME} does not answer as it should. Try again, or sign in with a password.", 502
    )


@login_not_required
@require_safe
def provider_refused(request: HttpRequest) -> HttpResponse:
    name = settings.OIDC_NAME or "the provider"
    return refused_page(request, f"Nobody was signed in: {name} was left without a yes.", 200)


class OwnPasswordView(PasswordChangeView):
    """A new password for oneself; other sessions end with the old one."""

    form_class = OwnPasswordForm
    template_name = "team/doors/password.html"
    success_url = reverse_lazy("mfa_index")

    def form_valid(self, form: Any) -> HttpResponse:
        messages.success(self.request, "The new password counts from now on. You are signed out everywhere else.")
        return super().form_valid(form)


own_password = OwnPasswordView.as_view()
