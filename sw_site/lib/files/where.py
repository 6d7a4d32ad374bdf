"""What differs between a folder and a bucket, for those who care."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.core.files.base import File
from django.core.files.storage import default_storage

#: Seconds for which a signed address of a bucket opens a file.
SIGNED_FOR = 3600


def local_root() -> str | None:
    """The folder of the storage, if it is one."""
    try:
        return default_storage.path("")
    except NotImplementedError:
        return None


def bucket() -> Any:
    """The storage as `sw_site.lib.files.bucket.BucketFiles`, or None."""
    return default_storage if local_root() is None else None


def bring_near(names: Iterable[str]) -> None:
    """Before paths of many files are asked for one by one: those of a bucket are fetched some at a time."""
    if found := bucket():
        found.bring_near(names)


def put(name: str, path: Path) -> None:
    """Make a file of this machine the storage's own, in place of what has the name; it is moved, or sent."""
    root = local_root()
    if root is not None:
        target = Path(root, name)
        target.parent.mkdir(parents=True, exist_ok=True)
        path.replace(target)
        return
    with path.open("rb") as file:
        default_storage.delete(name)
        default_storage.save(name, File(file))
    path.unlink()


def stored_objects(folder: str = "") -> Iterator[str]:
    """Names of all files of a bucket, some thousand with each question."""
    for name, _, _ in bucket().objects(folder):
        yield name
