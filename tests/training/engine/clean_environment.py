"""A virtual environment with a few packages and what they ask for, and nothing else of what is installed here.

What `pip install` would put there is linked from this environment, file by file as each package's own record lists
them, so that it costs neither a download nor a copy.
"""

from __future__ import annotations

import venv
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, PackagePath, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def make_environment(folder: Path, packages: str) -> Path:
    """The Python of a new environment in `folder` that has `packages` (as behind "pip install")."""
    venv.create(folder, symlinks=True)
    (site,) = folder.glob("lib/python*/site-packages")
    for found in closure(packages.split()):
        link_files(found, site)
    return folder / "bin" / "python"


def closure(names: list[str]) -> Iterator[Distribution]:
    """The packages and what they ask for, each once; where a package has a build for GPUs, that may stand in for it."""
    waiting, seen = [Requirement(name) for name in names], set()
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        if name in seen or not (wanted.marker is None or wanted.marker.evaluate({"extra": ""})):
            continue
        seen.add(name)
        found = installed(name)
        yield found
        waiting += map(Requirement, found.requires or ())


def installed(name: str) -> Distribution:
    try:
        return distribution(name)
    except PackageNotFoundError:
        return distribution(f"{name}-gpu")


def link_files(found: Distribution, site: Path) -> None:
    """Links what a package installed into its folder of packages; its commands are left out."""
    for file in found.files or ():
        if ".." in file.parts or "__pycache__" in file.parts:
            continue
        link(file, site)


def link(file: PackagePath, site: Path) -> None:
    target = site / file
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        target.symlink_to(Path(str(file.locate())).resolve())
