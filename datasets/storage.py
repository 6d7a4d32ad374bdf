"""Where pictures live: by the hash of their bytes, written whole or not at all."""

from __future__ import annotations

import os
import shutil
import threading
from contextlib import suppress
from pathlib import Path

from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage

from sw_site.lib.files.where import local_root


def store(name: str, data: bytes) -> str:
    """Keep bytes under a content-addressed name; a name that exists already holds the same bytes."""
    root = local_root()
    if root is None:  # not a local folder: such stores write whole objects anyway
        return name if default_storage.exists(name) else default_storage.save(name, ContentFile(data))
    store_below(root, name, data)
    return name


def store_file(name: str, file: File) -> str:
    """`store` for a file of any size, read from where it stands."""
    root = local_root()
    if root is None:
        return name if default_storage.exists(name) else default_storage.save(name, file)
    target = Path(root, name)
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f"{target.name}.{os.getpid()}-{threading.get_ident()}.part")
        try:
            with part.open("wb") as writing:
                shutil.copyfileobj(file, writing, 1024 * 1024)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    return name


def store_below(root: str, name: str, data: bytes) -> None:
    """`store` for a process that knows the folder only."""
    target = os.path.join(root, name)
    if not os.path.exists(target):
        write_whole(target, data)


def write_whole(target: str | Path, data: bytes) -> None:
    """Write beside the target and rename, so that no reader ever sees half a file, not even after a full disk."""
    part = f"{target}.{os.getpid()}-{threading.get_ident()}.part"
    folder = os.path.dirname(part)
    if not os.path.isdir(folder):
        os.makedirs(folder, exist_ok=True)
    try:
        with open(part, "wb", buffering=0) as file:
            view = memoryview(data)
            while view:  # one write may take less than all
                view = view[file.write(view) :]
        os.replace(part, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(part)
        raise


def thumbnail_name(sha256: str, size: str) -> str:
    return f"thumbs/{sha256[:2]}/{sha256}-{size}.webp"
