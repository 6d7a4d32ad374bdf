"""One file from an address: within limits of size and time, from the very machine that was checked."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urljoin

from datasets.formats.records import FormatError
from datasets.sources.addresses import Target, resolve

PIECE = 64 * 1024
REDIRECTS = {301, 302, 303, 307, 308}
HEADERS = {"User-Agent": "sw_site", "Accept": "image/*,*/*;q=0.5", "Accept-Encoding": "identity", "Connection": "close"}


@dataclass(frozen=True)
class Limits:
    """Of one file: bytes, seconds from looking its name up to the last packet, seconds of silence, redirects."""

    bytes: int = 50 * 2**20
    seconds: float = 60.0
    silence: float = 15.0
    redirects: int = 5


def download(url: str, limits: Limits) -> bytes:
    """The bytes at an address. Every redirect is checked as if it had stood in the list.

    Raises:
        FormatError: refused, not there, too large, too slow, redirected in circles.
    """
    deadline = Deadline(limits.seconds)
    with deadline:
        for _ in range(limits.redirects + 1):
            found = _get(_resolved(url, limits, deadline), limits, deadline)
            if isinstance(found, bytes):
                return found
            url = urljoin(url, found)
    raise FormatError("url_redirects", f"It was redirected more than {limits.redirects} times.")


def _resolved(url: str, limits: Limits, deadline: Deadline) -> Target:
    try:
        return resolve(url, deadline.left)
    except TimeoutError as error:
        raise too_slow(limits) from error


class Deadline:
    """Hangs up when the time of a file is over, also on a server that sends a byte now and then."""

    def __init__(self, seconds: float) -> None:
        self.over = False
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._hang_up)
        self._timer.daemon = True
        self._seconds, self._ends = seconds, 0.0

    def __enter__(self) -> None:
        self._ends = time.monotonic() + self._seconds
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    @property
    def left(self) -> float:
        """Seconds until then; 0 afterwards."""
        return max(0.0, self._ends - time.monotonic())

    def watch(self, line: socket.socket) -> None:
        self._socket = line
        if self.over:
            self._hang_up()

    def _hang_up(self) -> None:
        self.over = True
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)


def _get(target: Target, limits: Limits, deadline: Deadline) -> bytes | str:
    """The bytes, or where the answer redirects to."""
    try:
        with connected(target, limits, deadline) as connection:
            connection.request("GET", target.path, headers=HEADERS)
            answer = connection.getresponse()
            if answer.status in REDIRECTS and (place := answer.getheader("Location")):
                return place
            if answer.status != 200:
                raise FormatError("url_answer", f"The server answered {answer.status} {answer.reason}"[:150] + ".")
            return _body(answer, limits, deadline)
    except ssl.SSLCertVerificationError as error:
        message = f"The certificate of {target.host} is not trusted ({error.verify_message})."
        raise FormatError("url_not_reachable", message) from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        if deadline.over or isinstance(error, TimeoutError):
            raise too_slow(limits) from error
        said = str(error) or type(error).__name__
        raise FormatError("url_not_reachable", f"{target.host} could not be reached ({said})."[:200]) from error


def _body(answer: http.client.HTTPResponse, limits: Limits, deadline: Deadline) -> bytes:
    stated = answer.length  # None where the server does not say
    pieces, size = [], 0
    while (stated or 0) <= limits.bytes and (piece := answer.read1(PIECE)):
        pieces.append(piece)
        size += len(piece)
        if size > limits.bytes:
            break
    if max(stated or 0, size) > limits.bytes:
        raise FormatError("url_too_large", f"It is larger than {limits.bytes / 2**20:,.0f} MB.")
    if deadline.over:
        raise too_slow(limits)
    if stated is not None and size < stated:
        raise FormatError("url_not_reachable", f"The line broke after {size:,} of {stated:,} bytes. Import it again.")
    return b"".join(pieces)


def too_slow(limits: Limits) -> FormatError:
    return FormatError("url_too_slow", f"It did not arrive within {limits.seconds:.0f} seconds.")


@contextmanager
def connected(target: Target, limits: Limits, deadline: Deadline) -> Iterator[http.client.HTTPConnection]:
    """A connection to one of the addresses that were checked. The name is not looked up again (DNS rebinding)."""
    line = _dial(target, limits, deadline)
    try:
        if target.scheme == "https":
            context = ssl.create_default_context()
            line = context.wrap_socket(line, server_hostname=target.host, do_handshake_on_connect=False)
            deadline.watch(line)
            line.do_handshake()
        kind = http.client.HTTPSConnection if target.scheme == "https" else http.client.HTTPConnection
        connection = kind(target.host, target.port, timeout=limits.silence)
        connection.sock = line
        yield connection
    finally:
        line.close()


def _dial(target: Target, limits: Limits, deadline: Deadline) -> socket.socket:
    error: OSError | None = None
    for address in target.addresses:
        if deadline.over:
            break
        try:
            wait = max(0.001, min(limits.silence, deadline.left))  # 0 would mean: do not wait at all
            line = socket.create_connection((address, target.port), timeout=wait)
        except OSError as failed:
            error = failed
            continue
        line.settimeout(limits.silence)
        deadline.watch(line)
        return line
    raise error or TimeoutError
