"""Which files of the storage the database names, and which files there are."""

from __future__ import annotations

from collections.abc import Iterator

from django.apps import apps
from django.core.files.storage import default_storage
from django.db import models
from django.db.models import F

from datasets.models import DatasetVersion
from datasets.versions.manifest import ManifestError, read_manifest
from sw_site.lib.files.where import bucket

#: Every field that holds a storage name; tests/sw_site/upkeep/test_stored.py finds those that are forgotten here.
FIELDS = (
    ("datasets.Image", "file"),
    ("datasets.Image", "original"),
    ("datasets.KeptFile", "file"),
    ("datasets.DatasetVersion", "manifest_file"),
    ("detections.DetectionImage", "file"),
    ("detections.DetectionImage", "original"),
    ("detections.Evaluation", "boxes_file"),
    ("detections.MistakeSearch", "boxes_file"),
    ("detections.VideoScan", "file"),
    ("detections.VideoScan", "annotated"),
    ("detections.VideoScan", "boxes_file"),
    ("training.SharedFile", "file"),
)
#: What these name is there only where the site has a bucket: else the folder itself is what counts.
OF_A_BUCKET = ("training.SharedFile",)
#: Files that may be there for a while, and need not.
LEFTOVERS = (("training.ReplacedFile", "file"),)
#: Folders of what can be made again from an image: thumbnails, and pieces of vast ones. Their names hold its SHA-256.
DERIVED = ("thumbs", "pieces")


def fields() -> Iterator[tuple[type[models.Model], str]]:
    here = (each for each in FIELDS if bucket() or each[0] not in OF_A_BUCKET)
    return ((apps.get_model(model), field) for model, field in here)


def named_by_rows() -> Iterator[tuple[type[models.Model], int, str]]:
    """(model, id, storage name) of everything that a row names."""
    for model, field in fields():
        rows = model._default_manager.exclude(**{field: ""}).order_by().values_list("pk", field)
        if field == "original":  # mostly the same file as the upright picture
            rows = rows.exclude(original=F("file"))
        for pk, name in rows.iterator(chunk_size=5000):
            yield model, pk, name


def leftovers() -> Iterator[str]:
    for model, field in LEFTOVERS:
        yield from apps.get_model(model)._default_manager.values_list(field, flat=True).iterator()


def named_by_versions() -> Iterator[str]:
    """Pictures that a frozen version names, some of which may have left their dataset."""
    for version in DatasetVersion.objects.iterator():
        try:
            manifest = read_manifest(version.manifest_file, version.content_hash)
        except ManifestError:
            continue  # found and said by the check of versions
        for names in manifest.columns("file", "original"):
            yield from filter(None, names)


def stored_files(folder: str = "") -> Iterator[str]:
    """Names of all files of the storage, folder by folder."""
    if store := bucket():
        yield from (name for name, _, _ in store.objects(folder))
        return
    try:
        folders, files = default_storage.listdir(folder)
    except FileNotFoundError:
        return
    prefix = f"{folder}/" if folder else ""
    yield from (prefix + name for name in sorted(files) if name)
    for name in sorted(folders):
        yield from stored_files(prefix + name)
