"""How often: requests with a token to the API, and tries to sign in. Counted in the cache, so in each web process."""

from __future__ import annotations

import hashlib

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from ninja.throttling import SimpleRateThrottle

#: Failed tries to sign in, by address and by name, in a window of so many seconds.
TRIES, WINDOW = 10, 300


class TokenThrottle(SimpleRateThrottle):
    """So many requests a minute for each token (SW_API_RATE). People in browsers are not counted."""

    def __init__(self) -> None:
        super().__init__(settings.API_RATE)

    def get_cache_key(self, request: HttpRequest) -> str | None:
        token = getattr(request, "api_token", None)
        return f"api-rate-{token.pk}" if token else None


def too_many_tries(address: str, name: str) -> bool:
    """Has this address, or have several for this name, failed to sign in too often lately?"""
    return any(cache.get(key, 0) >= TRIES for key in _keys(address, name))


def note_failed_try(address: str, name: str) -> None:
    for key in _keys(address, name):
        cache.add(key, 0, WINDOW)
        try:
            cache.incr(key)
        except ValueError:  # it ran out this moment
            cache.set(key, 1, WINDOW)


def forget_tries(address: str, name: str) -> None:
    cache.delete_many(_keys(address, name))


def _keys(address: str, name: str) -> list[str]:
    called = hashlib.sha256(name.strip().lower().encode()).hexdigest()
    return [f"sign-in-from-{address}", f"sign-in-as-{called}"]
