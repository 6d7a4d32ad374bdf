"""Where the site demands a second factor (SW_SECOND_FACTOR), nothing else opens until there is one."""

from __future__ import annotations

from collections.abc import Callable

from allauth.account.internal.flows.login import get_authentication_records
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from sw_site.team.doors.factor import has_factor, is_demanded

#: Routes that lead to one, and out.
OPEN = ("team/ways-in/", "sign-out/", "sign-in/")
KNOWN = "second_factor_known"
WORDS = "This site asks for a second factor. Set one up, then everything opens."


class SecondFactorMiddleware:
    """Sends people to set theirs up. Tokens of the API and people of a provider have doors of their own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: object, args: object, kwargs: object) -> HttpResponseBase | None:
        if settings.SECOND_FACTOR == "optional" or not is_missing(request):
            return None
        if request.path.startswith("/api/"):
            return JsonResponse({"error": {"code": "second_factor", "message": WORDS}}, status=403)
        messages.warning(request, WORDS)
        return redirect("mfa_index")


def is_missing(request: HttpRequest) -> bool:
    user, match = request.user, request.resolver_match
    if not user.is_authenticated or getattr(request, "api_token", None) or not is_demanded(user):
        return False
    if match and match.route.startswith(OPEN):
        return False
    if request.session.get(KNOWN) == user.pk or came_by_provider(request):
        return False
    if has_factor(user):
        request.session[KNOWN] = user.pk
        return False
    return True


def came_by_provider(request: HttpRequest) -> bool:
    """The provider has asked for what it thinks fit."""
    user = request.user if request.user.is_authenticated else None
    return any(record["method"] == "socialaccount" for record in get_authentication_records(request, user))
