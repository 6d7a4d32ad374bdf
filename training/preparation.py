"""Writes a run directory: what the engine reads, and nothing it would have to ask the database for."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from datasets.models import DatasetVersion
from datasets.versions.manifest import Manifest, ManifestBox, ManifestError, ManifestImage
from sw_site.lib.errors import UserError
from sw_site.lib.files.where import StoreGone, bring_near, bucket, place_of
from training.configs import imported
from training.models import Run, TrainedModel
from training.sharing.places import archives, backbones, run_files

#: Texts by file name, each made piece by piece whenever it is asked for.
Documents = dict[str, Callable[[], Iterable[str]]]


def prepare(run: Run) -> Path:
    """Writes run.json and dataset.json; gives the run directory. Raises UserError.

    Safe to call again for a run that was interrupted: equal files are left alone, so the engine's records stay good.
    Files named `cancel` and `finish`, left by an earlier stop, are taken away. Where the site has a bucket, what the
    run has so far is brought from there first. A folder of this number that belongs to another run
    (a database restored from a backup gives numbers out again) is set aside, so that nothing is learnt from it.
    """
    manifest = manifest_of(run.version)
    config = with_start_here(run.config, run.base_model)
    documents: Documents = {"run.json": lambda: [as_text(config)], "dataset.json": lambda: dataset_text(manifest)}
    directory = run.directory
    try:
        set_aside_if_foreign(directory, documents)
        run_files(run).bring(exact=True)
        if run.continues and not directory.exists():
            before = run_files(run.continues)
            before.bring()
            take_along(before.path, directory)
        directory.mkdir(parents=True, exist_ok=True)
        if digest := run.config.get("imported"):
            shutil.copyfile(imported(digest).path, directory / "imported.config")
        for name, pieces in documents.items():
            write_pieces(directory / name, pieces())
        fetch_pictures(manifest)
        for word in ("cancel", *(() if run.finish_requested else ("finish",))):
            (directory / word).unlink(missing_ok=True)
    except StoreGone:
        raise
    except OSError as error:
        raise UserError(
            "folder_unwritable",
            f"The run's folder {directory} cannot be written ({error.strerror}). "
            "Free some space or correct its permissions, then start the run again.",
        ) from error
    return directory


def with_start_here(config: dict[str, Any], base_model: TrainedModel | None) -> dict[str, Any]:
    """A run's config with the place its start has on this machine, whose disk may not be that of the web server."""
    base = config.get("base") or {}
    path = start_here(base_model, Path(str(base.get("path") or "")))
    return {**config, "base": {**base, "path": str(path)}} if path else config


def start_here(base_model: TrainedModel | None, path: Path) -> Path | None:
    """Where the file (or the checkpoint) a run starts from lies here, brought first; None to leave it as it is."""
    if bucket() is None or not path.name:
        return None
    if base_model:
        return run_files(base_model.run).place("best") / path.name
    return next((folder.place(path.name) for folder in (archives(), backbones()) if folder.has(path.name)), None)


def fetch_pictures(manifest: Manifest) -> None:
    """Onto the disk of the machine whose engine is about to read them, where dataset.json says they lie."""
    bring_near(file for (file,) in manifest.columns("file"))


def manifest_of(version: DatasetVersion) -> Manifest:
    """The frozen content of a version; UserError when its file is damaged."""
    try:
        return version.manifest()
    except ManifestError as error:
        raise UserError("version_unreadable", str(error)) from error


def write_request(directory: Path, manifest: Manifest, run_json: dict[str, Any]) -> None:
    """What the engine reads, in a directory of its own that is no run's: run.json, dataset.json, imported.config."""
    if digest := run_json.get("imported"):
        shutil.copyfile(imported(digest).path, directory / "imported.config")
    with (directory / "dataset.json").open("w", encoding="utf-8") as file:
        file.writelines(dataset_text(manifest))
    (directory / "run.json").write_text(as_text(run_json), encoding="utf-8")


def set_aside_if_foreign(directory: Path, documents: Documents) -> None:
    """Renames a folder whose run.json or dataset.json is not this run's; both never change in a run's life."""
    files = [directory / name for name in documents]
    if any(file.is_file() and not says(file, documents[file.name]()) for file in files):
        directory.rename(directory.with_name(f"{directory.name}-set-aside-{int(time.time())}"))


def says(file: Path, pieces: Iterable[str]) -> bool:
    """Whether a file holds this text and no more."""
    with file.open(encoding="utf-8") as reading:
        return all(reading.read(len(piece)) == piece for piece in pieces) and not reading.read(1)


#: What a run that goes on from another takes along: what it learnt, what it measured, what it mended, its records.
TAKEN_ALONG = (
    "checkpoints/*", "best/*", "eval/*.json", "recovery.json", "label_map.pbtxt", "records.json", "*.record",
    "imported.config",
)  # fmt: skip


def take_along(source: Path, target: Path) -> None:
    """Copies a stopped run's state into a new directory, whole or not at all; large files are linked, not copied."""
    part = target.with_name(f"{target.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    for path in (path for pattern in TAKEN_ALONG for path in sorted(source.glob(pattern)) if path.is_file()):
        copy = part / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        link_or_copy(path, copy)
    part.mkdir(parents=True, exist_ok=True)
    part.rename(target)


def link_or_copy(source: Path, target: Path) -> None:
    """A second name for a file that is never written again (records, checkpoint data); a copy of any other."""
    if source.suffix == ".record" or ".data-" in source.name:
        with suppress(OSError):
            target.hardlink_to(source)
            return
    shutil.copyfile(source, target)


def dataset_json(manifest: Manifest) -> dict[str, Any]:
    """The manifest as the engine takes it. Label map ids are 1, 2, 3 … without gaps, in the order of class numbers."""
    ids = label_map_ids(manifest)
    return {"classes": classes_json(manifest, ids), "images": [image_json(image, ids) for image in manifest.images]}


def label_map_ids(manifest: Manifest) -> dict[int, int]:
    return {number: place for place, number in enumerate(sorted(manifest.classes), start=1)}


def classes_json(manifest: Manifest, ids: dict[int, int]) -> list[dict[str, Any]]:
    return [{"id": ids[number], "name": manifest.classes[number]} for number in sorted(ids)]


def dataset_text(manifest: Manifest) -> Iterator[str]:
    """`dataset_json` as text, image by image: the whole of a large version would not fit into memory."""
    ids = label_map_ids(manifest)
    yield f'{{\n "classes": {indented(classes_json(manifest, ids), 1)},\n "images": ['
    place = -1
    for place, image in enumerate(manifest.images):
        yield f"{',' if place else ''}\n  {indented(image_json(image, ids), 2)}"
    yield "]\n}" if place < 0 else "\n ]\n}"


def indented(value: Any, depth: int) -> str:
    return as_text(value).replace("\n", "\n" + " " * depth)


def image_json(image: ManifestImage, ids: dict[int, int]) -> dict[str, Any]:
    return {
        "id": image.id,
        "path": str(place_of(image.file).resolve()),
        "file_name": image.file_name,
        "sha256": image.sha256,
        "width": image.width,
        "height": image.height,
        "split": image.split,
        "boxes": [box_json(box, ids) for box in image.boxes],
    }


def box_json(box: ManifestBox, ids: dict[int, int]) -> dict[str, Any]:
    return {
        "class_id": ids[box.class_id],
        "xmin": box.x1,
        "ymin": box.y1,
        "xmax": box.x2,
        "ymax": box.y2,
        "difficult": box.difficult,
        "truncated": box.truncated,
    }


def as_text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)


def write_pieces(path: Path, pieces: Iterable[str]) -> None:
    """Whole or not at all: written beside and renamed; a file that is there already (and equal) is left alone."""
    if path.is_file():
        return
    part = path.with_name(path.name + ".part")
    try:
        with part.open("w", encoding="utf-8") as file:
            file.writelines(pieces)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
