"""Sending files by tus (https://tus.io), so that a large one goes on where a broken connection left it."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sw_site_client.transport import Transport

PIECE = 8 * 1024 * 1024
TUS = {"Tus-Resumable": "1.0.0"}


def send_file(transport: Transport, dataset: str, path: Path, name: str) -> None:
    """Send a file to a dataset's uploads; what the site has of it already is not sent again.

    Raises:
        Refused: the site does not take it.
    """
    size = path.stat().st_size
    metadata = f"filename {base64.b64encode(name.encode()).decode()}"
    headers = {**TUS, "Upload-Length": str(size), "Upload-Metadata": metadata}
    made = transport.send("POST", f"/api/v1/uploads/{dataset}", headers=headers)
    address, offset = made.headers["Location"], int(made.headers.get("Upload-Offset", 0))
    with path.open("rb") as file:
        file.seek(offset)
        while offset < size:
            piece = file.read(PIECE)
            headers = {**TUS, "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
            answer = transport.send("PATCH", address, content=piece, headers=headers)
            offset = int(answer.headers["Upload-Offset"])


def named(paths: Iterable[str | Path]) -> Iterable[tuple[Path, str]]:
    """(file, name at the site) of files and of all that is in folders."""
    for path in map(Path, paths):
        if path.is_dir():
            found = sorted(one for one in path.rglob("*") if one.is_file())
            yield from ((one, one.relative_to(path.parent).as_posix()) for one in found)
        else:
            yield path, path.name


def finish(transport: Transport, dataset: str, **options: Any) -> dict[str, Any]:
    """Import what was sent; gives the job that does it."""
    return dict(transport.json("POST", f"/uploads/{dataset}/finish", options))
