"""Taking in files piece by piece: whatever happens, what is on disk is a true beginning of the file."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from django.db import transaction
from django.utils import timezone

from datasets.models import Dataset, Upload, UploadBatch
from sw_site.accounts.models import User
from sw_site.lib.errors import UserError

MAX_BYTES = 64 * 2**30
RESERVE_BYTES = 512 * 2**20
PIECE = 1024 * 1024
MAX_PATH = 500

Reader = Callable[[int], bytes]


def open_batch(dataset: Dataset, user: User) -> UploadBatch:
    """The person's unfinished batch of this dataset, or a new one."""
    return UploadBatch.objects.get_or_create(dataset=dataset, user=user, closed_at=None)[0]


def safe_path(name: str) -> str:
    """A name a browser gives, as a relative path that stays where it is put. UserError when there is no such."""
    parts = [part.strip() for part in name.replace("\\", "/").split("/")]
    kept = [part for part in parts if part not in ("", ".")]
    path = str(PurePosixPath(*kept)) if kept else ""
    if not kept or ".." in kept or "\0" in name or len(path) > MAX_PATH or any(len(p.encode()) > 255 for p in kept):
        raise UserError("bad_name", f"“{name[:80]}” cannot be used as a file name here. Rename the file.", 400)
    return path


def register(batch: UploadBatch, name: str, size: int) -> Upload:
    """The row of a file that is about to come. The same name and size again is the same upload, to be gone on with.

    Raises:
        UserError: too large, no room on the disk, a name that cannot be, or one that another file of the batch has.
    """
    path = safe_path(name)
    if size > MAX_BYTES:
        raise UserError("too_large", f"{path} is larger than {MAX_BYTES // 2**30} GB. Split it.", 413)
    with disk_said():
        batch.folder.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(batch.folder).free < size + RESERVE_BYTES:
        raise UserError(
            "disk_full", f"There is no room for {path} on the server's disk. Ask its operator to free some.", 507
        )
    upload, made = batch.uploads.get_or_create(path=path, defaults={"size": size})
    if not made and upload.size != size:
        raise UserError(
            "other_file", f"Another file called {path} is in this upload already. Rename one, or finish first.", 409
        )
    if size == 0:
        receive(upload, 0, lambda _: b"")
    return upload


def receive(upload: Upload, offset: int, read: Reader) -> int:
    """Append what `read` gives to the part file; the offset reached. A broken line leaves what had come.

    Raises:
        UserError: somebody else is sending the same file, the offset is not where the file ends, too many bytes came,
            or the disk is full.
    """
    if upload.finished_at:
        if offset != upload.size:
            raise wrong_offset(upload.size)
        return upload.size
    with disk_said(), locked(upload.part) as part:
        at = part.seek(0, os.SEEK_END)
        if offset != at:
            raise wrong_offset(at)
        at += append(part, read, upload.size - at)
        if at == upload.size:
            finish(upload)
    return at


@contextmanager
def disk_said() -> Iterator[None]:
    """What a disk refuses, as a sentence; bytes that came before stay."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            message = "The server's disk is full. The upload can be continued when there is room."
            raise UserError("disk_full", message, 507) from error
        if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO):
            message = "The server cannot write to its disk. Ask its operator; the upload can be continued then."
            raise UserError("disk_unwritable", message, 507) from error
        raise


def append(part, read: Reader, room: int) -> int:
    written = 0
    while data := read(PIECE):
        if len(data) > room - written:
            raise UserError("too_long", "More bytes came than the file was said to have. Start it again.", 400)
        part.write(data)
        part.flush()
        written += len(data)
    return written


def finish(upload: Upload) -> None:
    """The part file becomes the whole one under the name it came with."""
    target = upload.batch.files / upload.path
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        upload.part.replace(target)
    except OSError as error:
        if error.errno not in (errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENOTEMPTY):
            raise
        # A file where this one needs a folder, or the reverse.
        message = f"{upload.path} stands in the way of another file of this upload. Rename one."
        raise UserError("other_file", message, 409) from error
    upload.finished_at = timezone.now()
    upload.save(update_fields=["finished_at"])


@contextmanager
def locked(part: Path) -> Iterator:
    part.parent.mkdir(parents=True, exist_ok=True)
    with part.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            message = "This file is being sent from another tab or connection. Wait for it."
            raise UserError("locked", message, 423) from error
        yield file


def wrong_offset(at: int) -> UserError:
    return UserError("wrong_offset", f"The file is here up to byte {at}; go on from there.", 409)


def discard(upload: Upload) -> None:
    """Take a file of an open batch away again."""
    for file in (upload.part, upload.batch.files / upload.path):
        file.unlink(missing_ok=True)
    upload.delete()


def close(batch: UploadBatch, keep_files: bool = False) -> None:
    """Nothing more comes. Without `keep_files` everything that came is thrown away."""
    with transaction.atomic():
        batch.closed_at = timezone.now()
        batch.save(update_fields=["closed_at"])
        batch.uploads.all().delete()
    shutil.rmtree(batch.folder / "parts" if keep_files else batch.folder, ignore_errors=True)
