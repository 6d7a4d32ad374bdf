"""Where a request comes from."""

from __future__ import annotations

import ipaddress

from django.conf import settings
from django.http import HttpRequest


def address_of(request: HttpRequest) -> str:
    """The address of the client; behind a proxy (SW_BEHIND_PROXY) the last one the proxy names. Empty when unknown."""
    text = request.META.get("REMOTE_ADDR", "")
    if settings.BEHIND_PROXY and (named := request.headers.get("X-Forwarded-For", "")):
        text = named.rpartition(",")[2].strip()
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return ""
