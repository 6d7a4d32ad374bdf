"""Which addresses of the internet this server may be sent to: only those that anybody could reach from anywhere.

A list of addresses comes from a person, the requests go out from the server: without this check it could be used to
look at machines that only the server can reach (server-side request forgery).
"""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, quote, urlsplit

from datasets.formats.records import FormatError

MAX_LENGTH = 2000
PORTS = {"http": 80, "https": 443}
#: Of NAT64 (RFC 6052): the last 32 bits are an IPv4 address that a gateway passes on to.
NAT64 = ipaddress.ip_network("64:ff9b::/96")
#: Ranges with a purpose of their own that the Python of this site counts as public, or may.
SPECIAL = [
    ipaddress.ip_network(text)
    for text in ("192.0.0.0/24", "192.88.99.0/24", "64:ff9b:1::/48", "5f00::/16", "fec0::/10", "3fff::/20")
]
#: Letters that stay as they are in a path or query.
SAFE = "/%:@!$&'()*+,;=~?[]"
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True)
class Target:
    """Where one request goes. `addresses` were checked; connections are made to them and not to the name again."""

    url: str
    scheme: str
    host: str
    port: int
    path: str
    addresses: tuple[str, ...]


def parse_url(text: str) -> SplitResult:
    """The parts of an address a person wrote.

    Raises:
        FormatError: no http or https address, too long, or with a user name in it.
    """
    if len(text) > MAX_LENGTH:
        raise FormatError("url_not_valid", f"It is longer than {MAX_LENGTH:,} letters.")
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise FormatError("url_not_valid", f"It is not an address ({error}).") from error
    if parts.scheme not in PORTS:
        raise FormatError("url_not_http", "Only addresses that begin with http:// or https:// are fetched.")
    if not host or any(ord(letter) <= 32 for letter in text):
        raise FormatError("url_not_valid", "It is not an address. Write it like https://example.org/photos/1.jpg.")
    if parts.username is not None or parts.password is not None:
        raise FormatError("url_not_valid", "It holds a user name or password. Addresses are kept, so give it without.")
    return parts


def resolve(text: str, seconds: float | None = None, trusted: Sequence[str] = ()) -> Target:
    """Look the name of an address up, once, and refuse it when any of its machines is not public.

    `trusted`: names of machines that whoever runs the site allows, wherever they are.

    Raises:
        FormatError: what `parse_url` says, a name that does not exist, or a machine that is not public.
        TimeoutError: no answer within these seconds.
    """
    parts = parse_url(text)
    host = str(parts.hostname)
    port = parts.port or PORTS[parts.scheme]
    found = look_up(host, port, seconds)
    if host not in trusted and any(not is_public(address) for address in found):
        raise FormatError(
            "url_private", f"{host} is not a public machine. Addresses inside this server's network are not fetched."
        )
    path = quote(parts.path or "/", safe=SAFE) + (f"?{quote(parts.query, safe=SAFE)}" if parts.query else "")
    return Target(text, parts.scheme, host, port, path, found)


def look_up(host: str, port: int, seconds: float | None = None) -> tuple[str, ...]:
    """Every address of a name, as the system gives them, within these seconds."""
    try:
        rows = _asked(host, port).result(seconds)
    except TimeoutError:
        raise
    except (OSError, UnicodeError) as error:
        raise FormatError("url_no_such_host", f"There is no machine called {host}. Check the spelling.") from error
    return tuple(dict.fromkeys(str(row[4][0]) for row in rows))


def _asked(host: str, port: int) -> Future[Any]:
    """The system's answer, which nothing can stop it from thinking about: a thread waits for it, a caller need not."""
    answer: Future[Any] = Future()

    def ask() -> None:
        try:
            answer.set_result(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except Exception as error:
            answer.set_exception(error)

    threading.Thread(target=ask, name=f"look-up of {host[:40]}", daemon=True).start()
    return answer


def is_public(text: str) -> bool:
    """Whether an IP address is one of the public internet; those that carry another inside are judged by both."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return all(
        one.is_global and not one.is_multicast and not any(one in network for network in SPECIAL)
        for one in (address, *carried(address))
    )


def carried(address: Address) -> list[Address]:
    """IPv4 addresses inside an IPv6 one: mapped, 6to4, Teredo, NAT64."""
    if isinstance(address, ipaddress.IPv4Address):
        return []
    inside: list[Address | None] = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in NAT64:
        inside.append(ipaddress.IPv4Address(address.packed[-4:]))
    return [one for one in inside if one is not None]
