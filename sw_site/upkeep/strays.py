"""Files against rows: what the database names and the storage lacks, and what lies there and nobody names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.core.files.storage import default_storage
from django.utils import timezone

from datasets.models import Image
from sw_site.lib.files.where import local_root
from sw_site.lib.findings import Finding, Scope
from sw_site.upkeep.stored import DERIVED, leftovers, named_by_rows, named_by_versions, stored_files

#: A file is written before the row that names it: one younger than this may still get its row.
YOUNG = timedelta(hours=1)


def check_rows(scope: Scope) -> Iterator[Finding]:
    """Each file that a row names must be there."""
    is_there = presence()
    for model, pk, name in named_by_rows():
        scope.count("files")
        if not is_there(name) and model._default_manager.filter(pk=pk).exists():
            message = f"Its file {name} is gone. Restore it from a backup"
            again = ", or import the photo again." if model is Image else "."
            yield Finding("file_missing", f"{model._meta.verbose_name} {pk}", message + again)


def presence() -> Callable[[str], bool]:
    """Is a file there? A bucket is asked for all its names at once, and again for what is younger than its answer."""
    if local_root() is not None:
        return default_storage.exists
    there = {hash(name) for name in stored_files()}
    return lambda name: hash(name) in there or default_storage.exists(name)


def check_strays(scope: Scope) -> Iterator[Finding]:
    """Files that no row and no version names. Hashes of the names are held in memory: some 60 bytes a file."""
    named = {hash(name) for _, _, name in named_by_rows()} | {hash(name) for name in named_by_versions()}
    named |= {hash(name) for name in leftovers()}
    digests = {bytes.fromhex(sha256) for sha256 in Image.objects.values_list("sha256", flat=True).iterator()}
    for name in stored_files():
        scope.count("stored")
        if name.endswith(".part"):
            code, message = "half_written_file", "A process ended while it wrote this. Mending deletes it."
        elif name.split("/")[0] in DERIVED:
            if is_of(name, digests):
                continue
            code, message = "picture_of_no_image", "Made from an image that is gone. Mending deletes it."
        elif hash(name) in named:
            continue
        else:
            code = "file_without_row"
            message = f"No row names it. Mending moves it to {lost_folder()}, where it can be deleted."
        if not is_young(name):
            yield Finding(code, name, message, mend_of(code, name), untidy=True)


def is_of(name: str, digests: set[bytes]) -> bool:
    """Does the name of a derived picture begin, below its two folders, with the hash of an image?"""
    digest = name.split("/")[2][:64] if name.count("/") >= 2 else ""
    try:
        return bytes.fromhex(digest) in digests
    except ValueError:
        return False


def is_young(name: str) -> bool:
    try:
        return default_storage.get_modified_time(name) > timezone.now() - YOUNG
    except FileNotFoundError:
        return True  # it went meanwhile


def mend_of(code: str, name: str) -> Callable[[], bool] | None:
    if code != "file_without_row":
        return lambda: delete(name)
    return (lambda: set_aside(name)) if local_root() else None


def delete(name: str) -> bool:
    default_storage.delete(name)
    return True


def lost_folder() -> Path:
    return Path(settings.DATA_DIR) / "lost-and-found"


def set_aside(name: str) -> bool:
    """Move a file out of the storage, to where nothing looks."""
    root = local_root()
    if root is None:
        return False
    target = lost_folder() / name
    target.parent.mkdir(parents=True, exist_ok=True)
    Path(root, name).replace(target)
    return True
