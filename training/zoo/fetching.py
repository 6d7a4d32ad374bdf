"""One large file from an address, in pieces, going on where an earlier try stopped.

The rules of `datasets.sources` hold: only public machines, every redirect checked alike. The host that whoever runs the
site has set as the zoo's address is exempt, so that a mirror in the house can be used.
"""

from __future__ import annotations

import http.client
import json
import re
import ssl
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from datasets.formats.records import FormatError
from datasets.sources.addresses import PORTS, Target, look_up, parse_url, resolve
from datasets.sources.download import REDIRECTS, Deadline, Limits, connected
from sw_site.lib.errors import UserError
from training.engine.zoo.archive import MOST_BYTES

PIECE = 256 * 1024
LIMITS = Limits(bytes=MOST_BYTES, seconds=6 * 3600.0, silence=30.0, redirects=5)
TRIES = 5  # broken lines in a row without a byte more
TOTAL = re.compile(r"bytes (\d+)-\d+/(\d+)")
Report = Callable[[int, int], None]


class LineBroke(Exception):
    """The server stopped before the end; what came is kept."""


def fetch(url: str, part: Path, trusted: str, report: Report) -> None:
    """Brings the file at `url` to `part`. `report(bytes so far, bytes in all or 0)` may raise to stop.

    UserError when it cannot be had; what came so far stays in `part`, and the next call goes on from there.
    """
    part.parent.mkdir(parents=True, exist_ok=True)
    failed = 0
    deadline = Deadline(LIMITS.seconds)
    with deadline:
        while True:
            before = size_of(part)
            try:
                fetch_once(url, part, trusted, report, deadline)
            except LineBroke as error:
                failed = 0 if size_of(part) > before else failed + 1
                if failed >= TRIES or deadline.over:
                    raise broken(url, part, str(error)) from error
                continue
            except FormatError as error:
                raise UserError(error.code, f"{error.message} Upload the archive by hand if it is at hand.") from error
            tag_of(part).unlink(missing_ok=True)
            return


def fetch_once(url: str, part: Path, trusted: str, report: Report, deadline: Deadline) -> None:
    for _ in range(LIMITS.redirects + 1):
        place = ask(url, part, trusted, report, deadline)
        if place is None:
            return
        url = urljoin(url, place)
    raise FormatError("url_redirects", f"It was redirected more than {LIMITS.redirects} times.")


def ask(url: str, part: Path, trusted: str, report: Report, deadline: Deadline) -> str | None:
    """Takes what the server sends, or gives where it redirects to."""
    target = target_of(url, trusted)
    try:
        with connected(target, LIMITS, deadline) as connection:
            connection.request("GET", target.path, headers=headers(part))
            answer = connection.getresponse()
            if answer.status in REDIRECTS and (place := answer.getheader("Location")):
                return place
            if answer.status == 416:  # the server has no more than we: either all of it is here, or it is another file
                whole_or_anew(answer, part)
                return None
            if answer.status not in (200, 206):
                raise FormatError("url_answer", f"{target.host} answered {answer.status} {answer.reason}"[:150] + ".")
            receive(answer, part, report)
    except ssl.SSLCertVerificationError as error:
        raise FormatError(
            "url_not_reachable", f"The certificate of {target.host} is not trusted ({error.verify_message})."
        ) from error
    except ConnectionRefusedError as error:
        raise FormatError("url_not_reachable", f"{target.host} could not be reached ({error.strerror}).") from error
    except (OSError, http.client.HTTPException) as error:
        raise LineBroke(str(error) or type(error).__name__) from error
    return None


def target_of(url: str, trusted: str) -> Target:
    parts = parse_url(url)
    if (parts.hostname, parts.port) != (urlsplit(trusted).hostname, urlsplit(trusted).port):
        return resolve(url)
    port = parts.port or PORTS[parts.scheme]
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    return Target(url, parts.scheme, str(parts.hostname), port, path or "/", look_up(str(parts.hostname), port))


def headers(part: Path) -> dict[str, str]:
    """Asks for the rest of a file, if it is still the file whose beginning is here."""
    base = {"User-Agent": "sw_site", "Accept": "*/*", "Accept-Encoding": "identity", "Connection": "close"}
    tag = ""
    with suppress(OSError, ValueError):
        tag = str(json.loads(tag_of(part).read_text(encoding="utf-8"))["tag"])
    if not size_of(part) or not tag:
        return base
    return {**base, "Range": f"bytes={size_of(part)}-", "If-Range": tag}


def receive(answer: http.client.HTTPResponse, part: Path, report: Report) -> None:
    """Appends the rest, or writes the whole when the server sends all of it."""
    found = TOTAL.match(answer.getheader("Content-Range") or "")
    goes_on = answer.status == 206 and found is not None and int(found[1]) == size_of(part)
    done = size_of(part) if goes_on else 0
    total = int(found[2]) if goes_on and found else answer.length or 0
    if total > LIMITS.bytes:
        raise FormatError("url_too_large", f"It is larger than {LIMITS.bytes / 2**30:,.0f} GiB.")
    tag = answer.getheader("ETag") or answer.getheader("Last-Modified") or ""
    tag_of(part).write_text(json.dumps({"tag": "" if tag.startswith("W/") else tag}), encoding="utf-8")
    with part.open("ab" if goes_on else "wb") as out:
        while piece := answer.read1(PIECE):
            out.write(piece)
            done += len(piece)
            if done > LIMITS.bytes:
                raise FormatError("url_too_large", f"It is larger than {LIMITS.bytes / 2**30:,.0f} GiB.")
            report(done, total)
    if total and done < total:
        raise LineBroke(f"{done:,} of {total:,} bytes")


def whole_or_anew(answer: http.client.HTTPResponse, part: Path) -> None:
    total = (answer.getheader("Content-Range") or "").rpartition("/")[2]
    if total != str(size_of(part)):
        part.unlink(missing_ok=True)
        raise LineBroke("the file on the server has changed")


def size_of(part: Path) -> int:
    return part.stat().st_size if part.is_file() else 0


def tag_of(part: Path) -> Path:
    return part.with_name(part.name + ".tag")


def broken(url: str, part: Path, said: str) -> UserError:
    return UserError(
        "download_broke",
        f"The download from {urlsplit(url).hostname} broke off ({said}). What came is kept; start it again and it goes "
        "on from there.",
        502,
    )
