"""From the disk into the bucket, and back: a site that grows begins on a disk."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from sw_site.lib.errors import UserError
from sw_site.lib.files.where import SHARED, bucket, side_by_side

Progress = Callable[[int, int, str], None]


def copy_files(folder: Path, *, back: bool, progress: Progress) -> dict[str, Any]:
    """Copy every file that is not there yet, or of another size. Nothing is deleted; cut off, it may be started again.

    Raises:
        UserError: the site has no bucket.
    """
    store = bucket()
    if store is None:
        raise UserError("no_bucket", "The site's files lie on disk. Set SW_S3_BUCKET and what belongs to it first.")
    objects = ((name, size) for name, size, _ in store.objects() if not name.startswith(SHARED))
    here, there = dict(on_disk(folder)), dict(objects)
    source, target = (there, here) if back else (here, there)
    wanted = [name for name, size in source.items() if target.get(name) != size]
    copy = partial(fetch if back else send, store, folder)
    for done, _ in enumerate(side_by_side(copy, wanted), 1):
        progress(done, len(wanted), f"{done:,} of {len(wanted):,} files")
    return {"copied": len(wanted), "there_already": len(source) - len(wanted), "bytes": sum(source[n] for n in wanted)}


def on_disk(folder: Path) -> Iterator[tuple[str, int]]:
    for root, _, names in os.walk(folder):
        for name in names:
            path = Path(root, name)
            if not name.endswith(".part"):
                yield str(path.relative_to(folder)), path.stat().st_size


def send(store: Any, folder: Path, name: str) -> None:
    with Path(folder, name).open("rb") as file:
        store.write(name, file)


def fetch(store: Any, folder: Path, name: str) -> None:
    target = Path(folder, name)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    with store.open(name) as reading, part.open("wb") as writing:
        shutil.copyfileobj(reading, writing)
    part.replace(target)
