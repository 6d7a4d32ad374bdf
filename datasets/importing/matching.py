"""Which annotation file belongs to which image: by stem, then by the file name inside; never by position."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from datasets.importing.source import Entry
from datasets.pictures import SUFFIXES

ANNOTATION_SUFFIXES = {".xml"}
SIDE_SUFFIXES = {".txt", ".pbtxt", ".zip", ".md", ".config", ".record", ".json", ".csv"}


def normal(text: str) -> str:
    """One spelling for names that look the same (composed and decomposed accents)."""
    return unicodedata.normalize("NFC", text)


@dataclass
class Contents:
    """The files of a source by what they are."""

    images: list[Entry] = field(default_factory=list)
    annotations: list[Entry] = field(default_factory=list)
    others: list[Entry] = field(default_factory=list)

    @classmethod
    def sort(cls, entries: Iterable[Entry]) -> Contents:
        contents = cls()
        for entry in entries:
            suffix = entry.path.suffix.lower()
            if suffix in SUFFIXES:
                contents.images.append(entry)
            elif suffix in ANNOTATION_SUFFIXES:
                contents.annotations.append(entry)
            elif suffix not in SIDE_SUFFIXES:
                contents.others.append(entry)
        return contents


class NameIndex:
    """Finds images by the stem of an annotation's name, or by the file name the annotation states."""

    def __init__(self, images: Iterable[Entry]) -> None:
        self._by_stem: dict[str, list[Entry]] = defaultdict(list)
        self._by_name: dict[str, list[Entry]] = defaultdict(list)
        for entry in images:
            self._by_stem[normal(entry.path.stem)].append(entry)
            self._by_name[normal(entry.path.name)].append(entry)

    def find(self, annotation: PurePosixPath, stated_name: str) -> list[Entry]:
        """Candidates, best rule first; one when the match is clear, several when it is not, none when there is none."""
        same_stem = self._by_stem.get(normal(annotation.stem), [])
        if len(same_stem) > 1:
            return self._narrow(same_stem, annotation, stated_name)
        return same_stem or self._narrow(self._by_name.get(normal(stated_name), []), annotation, stated_name)

    @staticmethod
    def _narrow(candidates: list[Entry], annotation: PurePosixPath, stated_name: str) -> list[Entry]:
        named = [c for c in candidates if normal(c.path.name) == normal(stated_name)] or candidates
        beside = [c for c in named if c.path.parent == annotation.parent]
        return beside if len(beside) == 1 else named
