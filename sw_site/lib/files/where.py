"""What differs between a folder and a bucket, for those who care."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from django.core.files.storage import default_storage

#: Questions that are under way to a bucket at the same time.
AT_ONCE = 16
#: In a bucket: folders that machines share, which `training.sharing` looks after.
SHARED = "shared/"
Asked = TypeVar("Asked")
Done = TypeVar("Done")


class StoreGone(ConnectionError):
    """The bucket does not answer, or refuses. Asking again later may do."""


def is_gone(error: BaseException) -> bool:
    """Is it that the bucket does not answer? Its libraries, which need not be installed, have errors of their own."""
    return isinstance(error, StoreGone) or type(error).__module__.partition(".")[0] in ("boto3", "botocore")


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
    if store := bucket():
        for _ in side_by_side(store.path, names):
            pass


def place_of(name: str) -> Path:
    """Where a file that never changes lies on this machine, or will once `bring_near` was told of it."""
    store = bucket()
    return store.near.place(name) if store else Path(default_storage.path(name))


def put(name: str, path: Path) -> None:
    """Make a file of this machine the storage's own, in place of what has the name; it is moved, or sent."""
    root = local_root()
    if root is not None:
        target = Path(root, name)
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f"{target.name}.part")
        shutil.move(path, part)  # which may be from another disk
        part.replace(target)
        return
    with path.open("rb") as file:
        bucket().write(name, file)
    path.unlink()


def side_by_side(do: Callable[[Asked], Done], names: Iterable[Asked]) -> Iterator[Done]:
    """`do` for each of them, by some threads; only so many are waiting, for a site has millions."""
    coming = iter(names)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        while some := list(islice(coming, 8 * AT_ONCE)):
            yield from pool.map(do, some)
