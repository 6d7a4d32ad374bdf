"""Namespaces of one's own: no network, a read-only file system but for some folders, no privileges.

The calls of the kernel are made directly: a program like bubblewrap does the same and would have to be installed. The
process must have one thread; nothing can be undone.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Sequence
from pathlib import Path

NEW_MOUNTS, NEW_USER, NEW_NETWORK, NEW_IPC = 0x00020000, 0x10000000, 0x40000000, 0x08000000  # <linux/sched.h>
BIND, RECURSIVE, PRIVATE = 4096, 16384, 1 << 18  # <linux/mount.h>
READ_ONLY = 1
MOUNT_SETATTR, AT_FDCWD, AT_RECURSIVE = 442, -100, 0x8000  # the same number on all architectures
NO_NEW_PRIVILEGES, DROP_FROM_BOUND, AMBIENT, CLEAR_ALL = 38, 24, 47, 4  # <linux/prctl.h>
CAPABILITIES_VERSION = 0x20080522
MOST_CAPABILITIES = 64
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108


class Attributes(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("set", "clear", "propagation", "namespace")]


def enclose(writable: Sequence[Path], hidden: Sequence[Path]) -> None:
    """OSError where the machine does not allow it; then nothing was changed that matters, and no promise holds."""
    if not sys.platform.startswith("linux"):
        raise OSError("it is no Linux")
    user, group = os.geteuid(), os.getegid()
    flags = NEW_MOUNTS | NEW_NETWORK | NEW_IPC
    call("unshare", flags if user == 0 else flags | NEW_USER)
    if user:
        be_oneself(user, group)
    narrow_files([path.resolve() for path in writable], [path for path in hidden if path.exists()])
    drop_privileges()


def be_oneself(user: int, group: int) -> None:
    """The same number inside the new user namespace as outside."""
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")


def narrow_files(writable: Sequence[Path], hidden: Sequence[Path]) -> None:
    mount("none", "/", "", RECURSIVE | PRIVATE)
    for path in writable:
        mount(str(path), str(path), "", BIND | RECURSIVE)
    if SHARED_MEMORY.is_dir():
        mount("tmpfs", str(SHARED_MEMORY), "tmpfs", 0, "mode=1777,size=1g")
    for path in hidden:
        mount("/dev/null", str(path), "", BIND)
    set_attributes("/", Attributes(set=READ_ONLY), AT_RECURSIVE)
    for path in [*writable, *([SHARED_MEMORY] if SHARED_MEMORY.is_dir() else [])]:
        set_attributes(str(path), Attributes(clear=READ_ONLY), 0)
    os.chdir(os.getcwd())  # the working folder was entered on the mounts of before


def drop_privileges() -> None:
    """All capabilities, for good: as root as well."""
    for number in range(MOST_CAPABILITIES):
        libc().prctl(DROP_FROM_BOUND, number, 0, 0, 0)  # the kernel knows fewer
    libc().prctl(AMBIENT, CLEAR_ALL, 0, 0, 0)
    call("prctl", NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(CAPABILITIES_VERSION, 0)
    call("capset", ctypes.byref(header), ctypes.byref((ctypes.c_uint32 * 6)()))


def mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    call("mount", *(text.encode() for text in (source, target, kind)), ctypes.c_ulong(flags), options.encode())


def set_attributes(path: str, attributes: Attributes, flags: int) -> None:
    size = ctypes.c_size_t(ctypes.sizeof(attributes))
    call("syscall", MOUNT_SETATTR, AT_FDCWD, path.encode(), flags, ctypes.byref(attributes), size)


def libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def call(name: str, *arguments: object) -> None:
    if getattr(libc(), name)(*arguments) < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
