"""Folders on the server that administrators may import from: those below the roots of the setting IMPORT_ROOTS."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from datasets.importing.matching import VIDEO_SUFFIXES
from datasets.pictures import SUFFIXES
from datasets.sources.confined import is_inside
from sw_site.lib.errors import UserError

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from sw_site.accounts.models import User

MOST_LISTED = 500


def import_roots() -> tuple[Path, ...]:
    """The roots of the setting that are there, all links followed."""
    return tuple(Path(os.path.realpath(root)) for root in settings.IMPORT_ROOTS if Path(root).is_dir())


def check_administrator(user: User | AnonymousUser) -> None:
    """Raises UserError 403 for everybody but administrators: the server's folders are not part of any dataset."""
    if not user.is_staff:
        message = "Folders on the server are open to administrators only. Ask one of them, or upload the files."
        raise UserError("administrators_only", message, 403)


def allowed_path(text: str) -> Path:
    """The place that a person named, all links followed.

    Raises:
        UserError: no root is set, it lies outside all of them, or there is nothing there.
    """
    roots = import_roots()
    if not roots:
        message = "Importing from folders on the server is switched off. Set SW_IMPORT_ROOTS to the folders allowed."
        raise UserError("folder_import_off", message, 403)
    path = Path(text.replace("\0", "").strip())
    if not path.is_absolute() or not is_inside(path, roots):
        allowed = ", ".join(map(str, roots))
        message = f"{path} is not below a folder that may be imported. These are: {allowed}."
        raise UserError("outside_import_roots", message, 403)
    real = Path(os.path.realpath(path))
    if not real.exists():
        raise UserError("no_such_path", f"There is nothing at {path}. Check the spelling.", 404)
    if not os.access(real, os.R_OK | (os.X_OK if real.is_dir() else 0)):
        raise UserError("not_readable", f"The site may not read {path}. Give its user the right to.", 403)
    return real


def allowed_video(text: str) -> Path:
    """The same for a file that is to be read as a video. Raises UserError as well when it is a folder."""
    path = allowed_path(text)
    if not path.is_file():
        raise UserError("not_a_file", f"{path} is not a file. Choose a video in it.", 409)
    return path


@dataclass(frozen=True)
class Listing:
    """What lies in a folder: folders and files to go on with, and how many images and other files besides."""

    path: Path
    parents: list[Path] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)
    zips: list[Path] = field(default_factory=list)
    videos: list[Path] = field(default_factory=list)
    images: int = 0
    others: int = 0
    cut: bool = False

    @property
    def is_zip(self) -> bool:
        return self.path.suffix.lower() == ".zip"


def list_folder(path: Path) -> Listing:
    """The contents of a folder that `allowed_path` gave; links that lead outside are left out."""
    roots = import_roots()
    found = Listing(path, parents=[p for p in reversed(path.parents) if is_inside(p, roots)])
    images = others = 0
    for each in sorted(path.iterdir(), key=lambda p: p.name.lower()):
        suffix = each.suffix.lower()
        if each.name.startswith(".") or (each.is_symlink() and (each.is_dir() or not is_inside(each, roots))):
            continue
        if each.is_dir():
            found.folders.append(each)
        elif suffix == ".zip" or suffix in VIDEO_SUFFIXES:
            (found.zips if suffix == ".zip" else found.videos).append(each)
        elif suffix in SUFFIXES:
            images += 1
        else:
            others += 1
    cut = len(found.folders) > MOST_LISTED
    del found.folders[MOST_LISTED:]
    return Listing(path, found.parents, found.folders, found.zips, found.videos, images, others, cut)
