"""One POST to an address of a webhook, from checks of the target to the status it answers."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import ssl
import time

from django.conf import settings

from datasets.formats.records import FormatError
from datasets.sources.addresses import Target, resolve
from datasets.sources.download import Deadline, Limits, connected

LIMITS = Limits(bytes=2**16, seconds=15.0, silence=10.0, redirects=0)


def target_of(url: str) -> Target:
    """Where the request goes. Public machines only, and those named in SW_WEBHOOK_HOSTS. Raises FormatError."""
    try:
        return resolve(url, LIMITS.seconds, trusted=settings.WEBHOOK_HOSTS)
    except TimeoutError as error:
        raise FormatError("url_too_slow", "Its name could not be looked up in time.") from error


def signature_of(secret: str, moment: int, body: str) -> str:
    """HMAC-SHA256 of "moment.body": the receiver checks that it comes from here, and is not an old one sent again."""
    return hmac.new(secret.encode(), f"{moment}.{body}".encode(), hashlib.sha256).hexdigest()


def send(url: str, secret: str, event: str, delivery: str, body: str) -> int:
    """The status that the address answered. Redirects are not followed: what they lead to was not checked.

    Raises:
        FormatError: the target is refused, not there, or too slow.
    """
    moment, deadline = int(time.time()), Deadline(LIMITS.seconds)
    headers = {
        "Content-Type": "application/json", "User-Agent": "sw_site", "Connection": "close",
        "X-SW-Event": event, "X-SW-Delivery": delivery,
        "X-SW-Signature": f"t={moment},v1={signature_of(secret, moment, body)}",
    }  # fmt: skip
    with deadline:
        target = target_of(url)
        try:
            with connected(target, LIMITS, deadline) as connection:
                connection.request("POST", target.path, body.encode(), headers)
                return connection.getresponse().status
        except (OSError, http.client.HTTPException, ssl.SSLError, ValueError) as error:
            said = "it did not answer in time" if deadline.over else str(error) or type(error).__name__
            raise FormatError("url_not_reachable", f"{target.host} could not be reached: {said}."[:290]) from error
