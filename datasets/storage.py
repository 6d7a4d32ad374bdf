"""Where pictures live: by the hash of their bytes, written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage


def store(name: str, data: bytes) -> str:
    """Keep bytes under a content-addressed name; a name that exists already holds the same bytes."""
    try:
        target = Path(default_storage.path(name))
    except NotImplementedError:  # not a local folder: such stores write whole objects anyway
        return name if default_storage.exists(name) else default_storage.save(name, ContentFile(data))
    if not target.exists():
        write_whole(target, data)
    return name


def write_whole(target: Path, data: bytes) -> None:
    """Write beside the target and rename, so that no reader ever sees half a file, not even after a full disk."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(dir=target.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(part).replace(target)
    except BaseException:
        with suppress(OSError):
            Path(part).unlink()
        raise


def thumbnail_name(sha256: str, size: str) -> str:
    return f"thumbs/{sha256[:2]}/{sha256}-{size}.webp"
