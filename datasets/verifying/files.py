"""The bytes behind images, kept files and versions."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import partial
from typing import Any

from django.core.files.storage import default_storage

from datasets.models import DatasetVersion, Image, KeptFile, SourceAnnotation
from datasets.verifying.labels import chunks
from datasets.versions.manifest import Manifest, ManifestError, read_manifest
from sw_site.lib.findings import Finding, Scope

BY = "Restore it from a backup, or import the same photo again."


def check_files(scope: Scope) -> Iterator[Finding]:
    """Sizes of originals and kept files; with `deep` their hashes as well. What is absent is found elsewhere."""
    for images in chunks():
        for image in images:
            scope.count("files")
            yield from check_original(image, scope.deep)
    for kept in KeptFile.objects.select_related("dataset").iterator():
        scope.count("files")
        if wrong(kept.file, kept.size_bytes, kept.sha256, scope.deep):
            yield Finding("kept_file_damaged", f"{kept.file_name} of {kept.dataset}", f"Its bytes changed. {BY}")
    if scope.deep:
        for row in SourceAnnotation.objects.select_related("image").iterator(chunk_size=200):
            if hashlib.sha256(row.content).hexdigest() != row.sha256:
                yield Finding("annotation_damaged", f"{row.file_name} of {row.image}", f"Its bytes changed. {BY}")


def check_original(image: Image, deep: bool) -> Iterator[Finding]:
    if wrong(image.original, image.size_bytes, image.sha256, deep):
        message = f"The bytes of {image.original} are not those that came in. {BY}"
        yield Finding("image_file_damaged", f"image {image.pk} ({image.file_name}) of {image.dataset}", message)


def wrong(name: str, size: int, sha256: str, deep: bool) -> bool:
    """Is this file there with another size (or, `deep`, other bytes) than its row says?"""
    try:
        if default_storage.size(name) != size:
            return True
        return deep and digest_of(name) != sha256
    except FileNotFoundError:
        return False


def digest_of(name: str) -> str:
    with default_storage.open(name) as file:
        digest = hashlib.sha256()
        while piece := file.read(1024 * 1024):
            digest.update(piece)
    return digest.hexdigest()


def check_versions(scope: Scope) -> Iterator[Finding]:
    """Each version against its hash, its figures, and the photos it names."""
    for version in DatasetVersion.objects.select_related("dataset").iterator():
        scope.count("versions")
        try:
            manifest = read_manifest.__wrapped__(version.manifest_file, version.content_hash)
        except ManifestError as error:
            yield Finding("version_damaged", str(version), str(error))
            continue
        counts = manifest.counts()
        if counts != version.counts:
            yield Finding(
                "version_counts_wrong",
                str(version),
                "The figures beside it are not those of its content. Mending counts again.",
                partial(_recount, version, counts),
            )
        if missing := absent(manifest, scope):
            message = f"{len(missing)} of its photos are gone from the storage, {missing[0]} for one. {BY}"
            yield Finding("version_photos_missing", str(version), message)


def absent(manifest: Manifest, scope: Scope) -> list[str]:
    missing = []
    for (name,) in manifest.columns("file"):
        scope.count("files")
        if not default_storage.exists(name):
            missing.append(name)
    return missing


def _recount(version: DatasetVersion, counts: dict[str, Any]) -> bool:
    return bool(DatasetVersion.objects.filter(pk=version.pk).update(counts=counts))
