"""How often: requests with a token to the API, and tries to sign in."""

from __future__ import annotations

import logging
import time
from datetime import timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from ninja.throttling import SimpleRateThrottle

from sw_site.team.audit_models import AuditEntry, Via
from sw_site.team.origin import address_of

#: Failed tries to sign in by name, and from one address (behind which there may be a house), in so many seconds.
TRIES, TRIES_FROM_ADDRESS, WINDOW = 10, 30, 300
FAILED, SIGNED_IN = "Failed to sign in", "Signed in"
logger = logging.getLogger(__name__)


class TokenThrottle(SimpleRateThrottle):
    """So many requests a minute for each token (SW_API_RATE), in windows that begin with the minute.

    People in browsers are not counted. Nothing is kept in the object, which all threads share; the cache counts, which
    is one for all web processes where there is a Redis.
    """

    num_requests: int
    duration: int

    def __init__(self) -> None:
        super().__init__(settings.API_RATE)

    def get_cache_key(self, request: HttpRequest) -> str | None:
        token = getattr(request, "api_token", None)
        return f"api-rate-{token.pk}-{int(time.time()) // self.duration}" if token else None

    def allow_request(self, request: HttpRequest) -> bool:
        key = self.get_cache_key(request)
        try:
            return key is None or self._count(key) <= self.num_requests
        except Exception as error:  # whatever a cache raises: a count does not stand in the way of work
            logger.warning("Requests are not counted just now: %s", error)
            return True

    def _count(self, key: str) -> int:
        if self.cache.add(key, 1, self.duration):
            return 1
        try:
            return self.cache.incr(key)
        except ValueError:  # it ran out this moment
            return 1

    def wait(self) -> float:
        """Seconds until the next window."""
        return self.duration - time.time() % self.duration


def too_many_tries(address: str, name: str) -> bool:
    """Has this address, or have several for this name, failed to sign in too often lately?

    The audit trail is counted, which all web processes share. Signing in forgives the name, never the address: else an
    account of one's own would buy tries at others.
    """
    lately = AuditEntry.objects.filter(via=Via.SIGN_IN, at__gte=timezone.now() - timedelta(seconds=WINDOW))
    failed = lately.filter(summary=FAILED)
    if address and failed.filter(address=address).count() >= TRIES_FROM_ADDRESS:
        return True
    as_name = failed.filter(who__iexact=name.strip()[:150])
    last = lately.filter(summary=SIGNED_IN, who__iexact=name.strip()[:150]).order_by("-pk").first()
    return (as_name.filter(pk__gt=last.pk) if last else as_name).count() >= TRIES


def refuse_too_many(request: HttpRequest | None, name: str) -> None:
    """For forms that ask who is there. Raises ValidationError where there were too many wrong tries."""
    if too_many_tries(address_of(request) if request else "", name):
        minutes = WINDOW // 60
        raise ValidationError(f"Too many wrong tries. Wait {minutes} minutes, then try again.", code="throttled")
