"""Zips and tars with names, kinds and sizes that no honest program writes."""

from __future__ import annotations

import io
import tarfile
import warnings
import zipfile
from random import Random

from tests.fuzz import nasty
from tests.fuzz.raw import damaged

LINK = 0o120777 << 16
NAMES = (
    "../up.jpg", "/abs.jpg", "a/../../b.jpg", "C:/x.jpg", "C:x.jpg", "..\\up.jpg", "\\\\host\\x", "a//b.jpg", "./c.jpg",
    "a/./d.jpg", "", ".", "..", "/", "//", "a\0b.jpg", "x" * 4000, "a/" * 500 + "b.jpg", "é.jpg", "photos/", "CON.jpg",
)  # fmt: skip


def changed_zip(data: bytes, random: Random, others: list[bytes]) -> bytes:
    """Members renamed, doubled, made links, damaged, locked, nested, or blown up; at times raw damage after it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w") as new, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for info in old.infolist():
            _put(new, info.filename, old.read(info), random)
        if random.random() < 0.1:
            new.writestr("bomb.jpg", b"\0" * 3_000_000, zipfile.ZIP_DEFLATED)
        if random.random() < 0.1:
            new.writestr("inner.zip", data)
    found = buffer.getvalue()
    if random.random() < 0.3:
        found = _flags(found, random)
    return damaged(found, random, others) if random.random() < 0.4 else found


def _put(new: zipfile.ZipFile, name: str, content: bytes, random: Random) -> None:
    if random.random() < 0.3:
        name = random.choice(NAMES) if random.random() < 0.7 else nasty.text(random)[:60_000]
    info = zipfile.ZipInfo(name.encode("utf-8", "replace").decode())
    if random.random() < 0.15:
        info.external_attr = random.choice((LINK, 0o020666 << 16, 0o010666 << 16, 0xFFFFFFFF))
    if random.random() < 0.15:
        content = damaged(content, random, [content])
    kinds = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
    for _ in range(random.choice((1, 1, 1, 2))):
        new.writestr(info, content, random.choice(kinds))


def _flags(data: bytes, random: Random) -> bytes:
    """A field of a header of the central directory: flags, method, checksum, sizes, lengths or place."""
    at = data.rfind(b"PK\x01\x02")
    if at < 0:
        return data
    offset, width = random.choice(((8, 2), (10, 2), (16, 4), (20, 4), (24, 4), (28, 2), (30, 2), (32, 2), (42, 4)))
    value = random.choice(nasty.INTEGERS) & (1 << 8 * width) - 1
    return data[: at + offset] + value.to_bytes(width, "little") + data[at + offset + width :]


def changed_tar(data: bytes, random: Random, others: list[bytes]) -> bytes:
    buffer, packing = io.BytesIO(), random.choice(("gz", "gz", "", "bz2", "xz"))
    with tarfile.open(fileobj=io.BytesIO(data)) as old, tarfile.open(fileobj=buffer, mode=f"w:{packing}") as new:
        for info in old:
            held = old.extractfile(info)
            _add(new, info, held.read() if held else b"", random)
    found = buffer.getvalue()
    return damaged(found, random, others) if random.random() < 0.4 else found


def _add(new: tarfile.TarFile, info: tarfile.TarInfo, content: bytes, random: Random) -> None:
    if random.random() < 0.25:
        info.name = random.choice(NAMES).replace("\0", "_") or "x"
    if random.random() < 0.15:
        info.type = random.choice(
            (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE)
        )
        info.linkname = random.choice(("/etc/passwd", "../../x", "checkpoint", ""))
    if random.random() < 0.2:
        content = damaged(content, random, [content])
    info.size = len(content) if info.type == tarfile.REGTYPE else 0
    new.addfile(info, io.BytesIO(content))
