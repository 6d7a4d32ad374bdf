"""Files that are about many images, or were set aside: kept whole, so that nothing is lost."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from datasets.formats.defects import ASIDE, DEFECTS
from datasets.formats.records import FormatError, Problem
from datasets.importing.annotations import Annotations
from datasets.importing.rows import ReadAnnotation
from datasets.importing.source import Entry
from datasets.models import Dataset, KeptFile
from datasets.storage import store

#: Formats whose files are about one image each: they are kept with their images.
WITH_IMAGES = {"voc", "pets", "yolo", "ultralytics", "images"}
MAX_KEPT_BYTES = 200 * 1024 * 1024


def kept_name(sha256: str) -> str:
    return f"kept/{sha256[:2]}/{sha256}"


class Keeper:
    def __init__(self, dataset: Dataset, found: Annotations) -> None:
        self.dataset, self.found = dataset, found
        contents = found.contents
        self._source = found.source
        self._entries = {str(entry.path): entry for entry in (*contents.sides, *contents.images)}

    def keep(self, problems: Iterable[Problem], unplaced: Iterable[ReadAnnotation]) -> None:
        """Keep every file that was set aside as a whole, and every file of labels about many images."""
        wanted = {p.file: p.code for p in problems if p.code in DEFECTS and DEFECTS[p.code].rule == ASIDE}
        wanted |= {str(a.path): "annotation_without_image" for a in unplaced if a.own_file}
        if self.found.detected.format not in WITH_IMAGES:
            wanted |= dict.fromkeys(self.found.detected.files, "")
        lists = [path for paths in self.found.detected.lists.values() for path in paths]
        wanted |= dict.fromkeys((*lists, *self.found.detected.class_lists, *self.found.detected.yamls), "")
        for path, code in sorted(wanted.items()):
            entry = self._entries.get(path)
            if entry is not None and entry.size <= MAX_KEPT_BYTES:
                self._keep(entry, code)

    def _keep(self, entry: Entry, code: str) -> None:
        try:
            data = self._source.read(entry)
        except FormatError:
            return  # it could not be read, which the report says
        digest = hashlib.sha256(data).hexdigest()
        KeptFile.objects.get_or_create(
            dataset=self.dataset,
            sha256=digest,
            file_name=str(entry.path)[:500],
            defaults={"file": store(kept_name(digest), data), "size_bytes": len(data), "code": code},
        )
