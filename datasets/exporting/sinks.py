"""Where an export goes: a folder or a zip, complete under its name or not there at all."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Protocol

from datasets.pictures import SUFFIXES
from sw_site.lib.errors import UserError

#: Files up to this size are read whole.
AT_ONCE = 16 * 1024 * 1024


class Sink(Protocol):
    def add(self, name: str, data: bytes) -> None:
        """One small file; `name` is relative, with forward slashes."""

    def stream(self, name: str, pieces: Iterable[bytes]) -> None:
        """One file of any size, piece by piece."""

    def copy(self, name: str, source: str) -> None:
        """One file as it lies on the disk."""


class FolderSink:
    """Writes into a folder beside the wanted one and renames it at the end."""

    def __init__(self, target: Path) -> None:
        if target.is_file() or (target.is_dir() and any(target.iterdir())):
            raise UserError(
                "output_not_empty", f"{target} is there already and not empty. Name a new folder, or empty this one."
            )
        self.target, self._part = target, target.with_name(f"{target.name}.part")
        self._folders: set[str] = set()

    def __enter__(self) -> FolderSink:
        shutil.rmtree(self._part, ignore_errors=True)
        self._part.mkdir(parents=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if kind is not None:
            shutil.rmtree(self._part, ignore_errors=True)
            return
        if self.target.is_dir():
            self.target.rmdir()
        self._part.rename(self.target)

    def _path(self, name: str) -> str:
        folder = name.rpartition("/")[0]
        if folder not in self._folders:
            (self._part / folder).mkdir(parents=True, exist_ok=True)
            self._folders.add(folder)
        return f"{self._part}/{name}"

    def add(self, name: str, data: bytes) -> None:
        file = os.open(self._path(name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
        try:
            view = memoryview(data)
            while view:  # one write may take less than all
                view = view[os.write(file, view) :]
        finally:
            os.close(file)

    def stream(self, name: str, pieces: Iterable[bytes]) -> None:
        with open(self._path(name), "wb") as file:
            file.writelines(pieces)

    def copy(self, name: str, source: str) -> None:
        """By the kernel, which shares the blocks on file systems that can (Btrfs, XFS) until one of both is written to.

        Never a hard link: who edits an exported picture must not edit the site's.
        """
        target = self._path(name)
        try:
            copy_within_kernel(source, target)
        except OSError:  # between some file systems, and on some systems at all
            shutil.copyfile(source, target)


def copy_within_kernel(source: str, target: str) -> None:
    with open(source, "rb", buffering=0) as reading, open(target, "wb", buffering=0) as writing:
        left = os.fstat(reading.fileno()).st_size
        while left and (copied := os.copy_file_range(reading.fileno(), writing.fileno(), left)):
            left -= copied
        if left:
            raise OSError(errno.EIO, "copied in part")


class ZipSink:
    """Writes a zip beside the wanted one and renames it at the end; pictures are stored, texts are packed."""

    def __init__(self, target: Path) -> None:
        self.target, self._part = target, target.with_name(f"{target.name}.part")

    def __enter__(self) -> ZipSink:
        self.target.parent.mkdir(parents=True, exist_ok=True)
        self._zip = zipfile.ZipFile(self._part, "w", zipfile.ZIP_DEFLATED, compresslevel=1)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._zip.close()
        if kind is not None:
            self._part.unlink(missing_ok=True)
        else:
            os.replace(self._part, self.target)

    def add(self, name: str, data: bytes) -> None:
        self._zip.writestr(name, data)

    def stream(self, name: str, pieces: Iterable[bytes]) -> None:
        # A zip takes one file at a time, and making the pieces may put pictures into it.
        with tempfile.TemporaryFile() as waiting:
            waiting.writelines(pieces)
            waiting.seek(0)
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            # Records hold pictures, which packing only makes slower.
            info.compress_type = zipfile.ZIP_STORED if ".record" in name else zipfile.ZIP_DEFLATED
            with self._zip.open(info, "w", force_zip64=True) as file:
                shutil.copyfileobj(waiting, file, 1024 * 1024)

    def copy(self, name: str, source: str) -> None:
        stored = os.path.splitext(source)[1].lower() in SUFFIXES
        how = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
        if os.path.getsize(source) > AT_ONCE:
            self._zip.write(source, name, how)
            return
        with open(source, "rb", buffering=0) as file:
            self._zip.writestr(name, file.readall(), how)  # `write` goes through files in pieces of 8 kB


def open_sink(output: Path) -> FolderSink | ZipSink:
    return ZipSink(output) if output.suffix.lower() == ".zip" else FolderSink(output)
