"""An engine process is given little and can reach little: what it reads may come from strangers.

The one that starts it hands over `environment`; the engine calls `contain` before it reads anything. What then holds:

- limits: processor time, size of a file, open files and, where asked for, memory;
- no network, not even this machine's own addresses;
- only the run directory, and the folder for an export that was asked for elsewhere, can be written (and devices, such
  as a GPU); `hidden` files are empty;
- no privileges, and none to be had again.

The last three need Linux with namespaces (as root, or where users may make them). Where they are not to be had the
engine says so in its log, or refuses, as CONTAIN asks.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from training.engine.containment import limits, linux

#: "auto", "required" (refuse to run without), or "off"; absent for an engine that somebody started by hand.
CONTAIN = "SW_ENGINE_CONTAIN"
MEMORY = "SW_ENGINE_MEMORY_MB"
#: Paths between colons that the engine shall not see.
HIDE = "ENGINE_HIDE"
ASKED = ("auto", "required", "off")
TEMPORARY = ".tmp"
NAMES = {
    "PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "TMPDIR", MEMORY,
}  # fmt: skip
BEGINNINGS = ("LC_", "PYTHON", "CUDA", "NVIDIA", "TF_", "XLA_", "OMP_", "MKL_", "OPENBLAS_", "ENGINE_")


class NotContained(Exception):
    """Containment was required, and this machine does not give it."""


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """What an engine is started with: of this process's own no password, key or address."""
    own = {name: value for name, value in os.environ.items() if name in NAMES or name.startswith(BEGINNINGS)}
    asked = os.environ.get(CONTAIN) or ASKED[0]
    return {**own, CONTAIN: asked if asked in ASKED else "required", **(extra or {})}


def contain(run_dir: Path | None, output: Path | None = None) -> str:
    """Gives up what the engine does not need; a sentence on what holds, empty when nobody asked.

    An `output` outside of the run directory is written beside its place and moved there, so its parent stays writable.

    Raises:
        NotContained: it was required and cannot be had.
    """
    asked = os.environ.pop(CONTAIN, "")
    hidden = [Path(part) for part in os.environ.pop(HIDE, "").split(":") if part]
    if asked not in ASKED[:2]:
        return ""
    limits.apply(int(os.environ.get(MEMORY) or 0))
    try:
        linux.enclose(writable_folders(run_dir, output), hidden)
    except OSError as error:
        if asked == "required":
            raise NotContained(
                f"The engine cannot be contained on this machine ({error}). See SECURITY.md, or set {CONTAIN}=auto."
            ) from error
        return f"Contained: limits only; this machine gives no namespaces ({error})."
    own_temporary_folder(run_dir)
    return "Contained: limits, no network, nothing writable but the run directory."


def writable_folders(run_dir: Path | None, output: Path | None) -> list[Path]:
    if run_dir is None:
        return []
    if output is None or output.is_relative_to(run_dir):
        return [run_dir]
    output.parent.mkdir(parents=True, exist_ok=True)
    return [run_dir, output.parent]


def own_temporary_folder(run_dir: Path | None) -> None:
    """The usual one cannot be written any more: one inside of what can, emptied at the next start."""
    base = run_dir / TEMPORARY if run_dir else Path("/dev/shm")  # noqa: S108
    if run_dir:
        shutil.rmtree(base, ignore_errors=True)
    base.mkdir(exist_ok=True)
    os.environ["TMPDIR"] = os.environ["MPLCONFIGDIR"] = tempfile.tempdir = str(base)


__all__: Sequence[str] = ("CONTAIN", "HIDE", "NotContained", "contain", "environment")
