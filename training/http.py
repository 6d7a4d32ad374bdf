"""Requests as the views meet them: LoginRequiredMiddleware has sent everybody else to sign in."""

from __future__ import annotations

from django.http import HttpRequest

from sw_site.accounts.models import User


class SignedInRequest(HttpRequest):
    """For annotations only: a request whose user is a person."""

    user: User
