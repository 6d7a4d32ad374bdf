"""Requests as the views meet them: LoginRequiredMiddleware has sent everybody else to sign in."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django_htmx.http import HttpResponseClientRedirect

from sw_site.accounts.models import User


class SignedInRequest(HttpRequest):
    """For annotations only: a request whose user is a person."""

    user: User


def go_to(request: HttpRequest, to: Any) -> HttpResponse:
    """A redirect to a page by its name or address, also for a form that htmx has sent."""
    answer = redirect(to)
    return HttpResponseClientRedirect(answer["Location"]) if request.htmx else answer  # type: ignore[attr-defined]
