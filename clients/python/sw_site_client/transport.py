"""Requests that are sent again when the site asks for it, and done once however often they are sent."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import httpx

from sw_site_client.errors import Refused

#: The site is asked again after these answers, and after a broken connection.
AGAIN = (429, 502, 503, 504)
TRIES = 5
LONGEST_WAIT = 60.0


class Transport:
    """One connection to a site. `url` is the site's, without /api/v1."""

    def __init__(
        self, url: str, token: str, *, timeout: float = 60.0, sleep: Callable[[float], None] = time.sleep, **client: Any
    ) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        self._client = httpx.Client(base_url=url.rstrip("/"), headers=headers, timeout=timeout, **client)
        self._sleep = sleep

    def close(self) -> None:
        self._client.close()

    def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        """The answer to a request. A POST carries an idempotency key, so that it is done once.

        Raises:
            Refused: the site said no.
            httpx.TransportError: it cannot be reached, several times over.
        """
        headers = dict(options.pop("headers", None) or {})
        if method == "POST":
            headers.setdefault("Idempotency-Key", str(uuid.uuid4()))
        for attempt in range(1, TRIES + 1):
            last = attempt == TRIES
            try:
                response = self._client.request(method, path, headers=headers, **options)
            except httpx.TransportError:
                if last:
                    raise
                self._sleep(2.0**attempt)
                continue
            if response.status_code not in AGAIN or last:
                break
            self._sleep(wait_of(response, attempt))
        if response.is_error:
            raise Refused.of(response)
        return response

    def json(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        if body is not None:
            options["json"] = body
        return self.send(method, f"/api/v1{path}", **options).json()

    def pages(self, path: str, **query: Any) -> Iterator[dict[str, Any]]:
        """Every row of a list, page after page."""
        offset = 0
        while True:
            page = self.json("GET", path, params={**query, "limit": 100, "offset": offset})
            yield from page["items"]
            offset += len(page["items"])
            if not page["items"] or offset >= page["count"]:
                return

    def save(self, path: str, target: Any) -> None:
        """Write an answer of any size to an open binary file."""
        with self._client.stream("GET", path) as response:
            if response.is_error:
                response.read()
                raise Refused.of(response)
            for piece in response.iter_bytes():
                target.write(piece)


def wait_of(response: httpx.Response, attempt: int) -> float:
    """Seconds: what Retry-After says, else more with every try."""
    told = response.headers.get("Retry-After", "")
    return min(float(told) if told.isdigit() else 2.0**attempt, LONGEST_WAIT)
