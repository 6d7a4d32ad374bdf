"""Who may call the API: whoever is signed in (with the token of the form), and whoever sends a token."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja.security import SessionAuth
from ninja.security.base import AuthBase

from sw_site.team.models import ApiToken


class TokenAuth(AuthBase):
    """`Authorization: Bearer sw_…`, which the middleware has looked up."""

    openapi_type = "http"
    openapi_scheme = "bearer"

    def __call__(self, request: HttpRequest) -> ApiToken | None:
        return getattr(request, "api_token", None)


AUTH: list[Any] = [TokenAuth(), SessionAuth(csrf=True)]
