"""Whether the installed packages are those that were tested together, and untouched."""

from __future__ import annotations

import base64
import hashlib
import re
import sys
from importlib import metadata
from pathlib import Path

from training.engine.selfcheck.findings import FAILED, OK, WARNING, Finding

PYTHON = (3, 11)
DIRECT = ("requirements.txt", "requirements-nodeps.txt")
FOR_GPU = "requirements-gpu.txt"
LIBRARY = "tf-models-research-object-detection"
#: With the second installed, the first must not be: both are the same module.
ON_CPU, ON_GPU = "onnxruntime", "onnxruntime-gpu"
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s#;]+)")
NAMED = 5  # packages a sentence names


def check(root: Path) -> list[Finding]:
    return [python_version(), pinned_versions(root), unedited_library()]


def python_version() -> Finding:
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] != PYTHON:
        return Finding(
            "python", FAILED, f"This is Python {found}; the engine needs Python 3.11, run make setup with it."
        )
    return Finding("python", OK, f"Python {found}.")


def pins(root: Path, for_gpu: bool = False) -> dict[str, str]:
    """Package name to the version that the requirement files ask for, those of a GPU machine included."""
    names = (*DIRECT, FOR_GPU) if for_gpu else DIRECT
    lines = [line for name in names for line in (root / name).read_text(encoding="utf-8").splitlines()]
    found = {match[1]: match[2] for match in map(PIN.match, lines) if match}
    if for_gpu:
        del found[ON_CPU]
    return found


def installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def pinned_versions(root: Path) -> Finding:
    """Compares what is installed with the direct requirements."""
    on_gpu = installed(ON_GPU) is not None
    if on_gpu and installed(ON_CPU):
        sentence = f"{ON_CPU} and {ON_GPU} are both installed and spoil each other; run SW_GPU=1 make setup."
        return Finding("versions", FAILED, sentence)
    wanted = pins(root, for_gpu=on_gpu)
    found = {name: installed(name) for name in wanted}
    absent = [name for name, version in found.items() if version is None]
    if absent:
        return Finding("versions", FAILED, f"{named(absent)} missing; run make setup.")
    other = [f"{name} {found[name]} instead of {wanted[name]}" for name in wanted if found[name] != wanted[name]]
    if other:
        return Finding(
            "versions", WARNING, f"Not the versions that were tested together: {named(other)}; run make setup."
        )
    return Finding("versions", OK, f"All {len(wanted)} required packages have the versions that were tested together.")


def named(names: list[str]) -> str:
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")


def unedited_library() -> Finding:
    """Compares the library's source files with the checksums it was published with."""
    try:
        changed = edited_files(LIBRARY)
    except metadata.PackageNotFoundError:
        return Finding("library", FAILED, f"The Object Detection API ({LIBRARY}) is missing; run make setup.")
    if changed:
        sentence = f"Files of the Object Detection API were edited ({named(changed)}); reinstall {LIBRARY}."
        return Finding("library", WARNING, sentence)
    return Finding("library", OK, "The Object Detection API is installed as it was published.")


def edited_files(package: str) -> list[str]:
    """The source files of an installed package that are missing or no longer have the checksum of its RECORD."""
    changed = []
    for file in metadata.files(package) or []:
        if file.suffix != ".py" or file.hash is None:
            continue
        path = Path(str(file.locate()))
        if not path.exists() or digest(path, file.hash.mode) != file.hash.value:
            changed.append(str(file))
    return changed


def digest(path: Path, mode: str) -> str:
    """A file's checksum as pip writes it: base64 for URLs without padding."""
    found = hashlib.new(mode, path.read_bytes()).digest()
    return base64.urlsafe_b64encode(found).rstrip(b"=").decode()
