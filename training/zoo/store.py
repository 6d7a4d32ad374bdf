"""The archives that are on this server: what came from the zoo, and what was uploaded by hand."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from django.core.files.uploadedfile import UploadedFile
from django.utils.text import get_valid_filename

from sw_site.lib.errors import UserError
from training.engine.architectures.presets import PRESETS
from training.engine.zoo.archive import MOST_BYTES
from training.sharing import places
from training.zoo.catalogue import SUFFIX, ZOO, ZooModel
from training.zoo.looking import look_into

SUFFIXES = (SUFFIX, ".tgz", ".tar", ".zip")


@dataclass(frozen=True)
class Archive:
    """An archive that can be started from. `source` is "zoo" or "upload"; `known` tells how its checksum was judged."""

    name: str
    file: str
    architecture: str
    input_size: int
    depth_multiplier: float
    bytes: int
    sha256: str
    source: str
    known: str = ""

    @property
    def path(self) -> Path:
        return folder() / self.file

    @property
    def title(self) -> str:
        model = ZOO.get(self.name)
        return model.title if model else self.name

    @property
    def shape(self) -> dict[str, object]:
        """What a run from here shares with it."""
        shape: dict[str, object] = {"architecture": self.architecture, "input_size": self.input_size}
        if PRESETS[self.architecture].depth_multipliers:
            shape["depth_multiplier"] = self.depth_multiplier
        return shape


def folder() -> Path:
    return places.archives().path


def archives() -> dict[str, Archive]:
    """By name; archives whose file is gone are left out."""
    found, shared = {}, places.archives()
    there = shared.sizes()
    if notes := [name for name in there if name.endswith(".json")]:
        shared.bring(*notes)
    for note in sorted(folder().glob("*.json")) if folder().is_dir() else []:
        try:
            archive = Archive(**json.loads(note.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            continue  # half a note, or one of a later site: the file can be added again
        if archive.architecture in PRESETS and archive.file in there:
            found[archive.name] = archive
    return found


def remembered(name: str) -> Archive | None:
    """What was noted of an archive when it was here, also when its file is gone: its checksum is still good."""
    try:
        return Archive(**json.loads(places.archives().place(f"{name}.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def take_in(part: Path, name: str, file: str, sha256: str, source: str, known: str) -> Archive:
    """Looks into a whole file and gives it its place. UserError when it is not the archive of a detector."""
    content = look_into(part)
    model = ZOO.get(name)
    archive = Archive(
        name=name,
        file=file,
        architecture=model.preset.name if model else content.preset.name,
        input_size=model.input_size if model else content.input_size,
        depth_multiplier=content.depth_multiplier,
        bytes=part.stat().st_size,
        sha256=sha256,
        source=source,
        known=known,
    )
    part.replace(archive.path)
    note = folder() / f"{name}.json"
    unfinished = note.with_name(note.name + ".part")
    unfinished.write_text(json.dumps(asdict(archive)), encoding="utf-8")
    unfinished.replace(note)
    places.archives().send(archive.file, note.name)
    return archive


def add_upload(file: UploadedFile) -> Archive:
    """Keeps an archive somebody brought. UserError when it cannot be started from."""
    name = get_valid_filename(Path(file.name or "").name)
    check_name(name, file.size or 0)
    part = folder() / f"{name}.upload"
    part.parent.mkdir(parents=True, exist_ok=True)
    try:
        with part.open("wb") as out:
            for chunk in file.chunks():
                out.write(chunk)
        return keep(part, name)
    finally:
        part.unlink(missing_ok=True)


def add_file(path: Path) -> Archive:
    """The same for a file of this machine, which stays where it is."""
    if not path.is_file():
        raise UserError("no_such_file", f"There is no file {path}. Give the path of an archive.", 404)
    name = get_valid_filename(path.name)
    check_name(name, path.stat().st_size)
    part = folder() / f"{name}.upload"
    part.parent.mkdir(parents=True, exist_ok=True)
    try:
        shutil.copyfile(path, part)
        return keep(part, name)
    finally:
        part.unlink(missing_ok=True)


def keep(part: Path, name: str) -> Archive:
    plain = plain_name(name)
    digest = digest_of(part)
    model = ZOO.get(plain)
    return take_in(part, plain, name, digest, "upload", judged(model, digest) if model else "")


def judged(model: ZooModel, digest: str) -> str:
    """How the checksum of a zoo archive was judged. UserError when it is not what was published or came first."""
    expected = model.sha256
    words = "as published"
    if not expected and (earlier := remembered(model.name)):
        expected, words = earlier.sha256, "as at its first download"
    if expected and expected != digest:
        raise UserError(
            "checksum_differs",
            f"What arrived for {model.name} is not what it should be (SHA-256 {digest[:12]}…, expected "
            f"{expected[:12]}…). It was thrown away; try again later, or upload an archive you trust.",
            422,
        )
    return words if expected else "recorded at its first download"


def check_name(name: str, size: int) -> None:
    if not name.endswith(SUFFIXES):
        raise UserError(
            "bad_archive", f"{name or 'The file'} is not a .tar.gz, .tar or .zip. Send the archive as it came.", 422
        )
    if size > MOST_BYTES:
        raise UserError("too_large", f"{name} is larger than any detector. Send the archive as it came.", 422)
    if plain_name(name) in archives():
        raise UserError(
            "name_taken", f"There is an archive called {plain_name(name)} already. Rename yours first.", 409
        )


def plain_name(name: str) -> str:
    return next((name.removesuffix(suffix) for suffix in SUFFIXES if name.endswith(suffix)), name)


def digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
