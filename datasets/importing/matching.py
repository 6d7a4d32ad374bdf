"""Which annotation file belongs to which image: by stem, then by the file name inside; never by position."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from datasets.formats.splits import split_of_folder
from datasets.importing.source import Entry
from datasets.pictures import SUFFIXES

#: Files that often lie beside images and labels; they are read by other parts of an import, or by nobody, in silence.
SIDE_SUFFIXES = {".xml", ".txt", ".pbtxt", ".zip", ".md", ".config", ".record", ".tfrecord", ".json", ".csv", ".names"}
SIDE_SUFFIXES |= {".yaml", ".yml", ".tfrecords", ".labels", ".license", ""}
#: Videos are no images; their frames are taken by datasets/sources.
VIDEO_SUFFIXES = {".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".mts", ".m2ts", ".wmv"}
VIDEO_SUFFIXES |= {".flv", ".ogv", ".3gp"}


def normal(text: str) -> str:
    """One spelling for names that look the same (composed and decomposed accents)."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


@dataclass
class Contents:
    """The files of a source by what they are: images, files that may hold annotations, and files for nobody."""

    images: list[Entry] = field(default_factory=list)
    sides: list[Entry] = field(default_factory=list)
    others: list[Entry] = field(default_factory=list)

    @classmethod
    def sort(cls, entries: Iterable[Entry]) -> Contents:
        contents = cls()
        for entry in entries:
            suffix = entry.path.suffix.lower()
            if suffix in SUFFIXES:
                contents.images.append(entry)
            elif suffix in SIDE_SUFFIXES or "-of-" in suffix:
                contents.sides.append(entry)
            else:
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

    def has(self, name: str) -> bool:
        return normal(name) in self._by_name

    def find(self, annotation: PurePosixPath, stated_name: str) -> list[Entry]:
        """Candidates, best rule first; one when the match is clear, several when it is not, none when there is none."""
        same_stem = self._by_stem.get(normal(annotation.stem), [])
        if len(same_stem) > 1:
            return self._narrow(same_stem, annotation, stated_name)
        return same_stem or self._narrow(self._by_name.get(normal(stated_name), []), annotation, stated_name)

    def find_stated(self, stated: str, file: PurePosixPath, split: str) -> list[Entry]:
        """Candidates for a name that a file about many images states, perhaps with folders before it.

        Of several, those win whose folders agree longest with the stated ones, then those in a folder of the split.
        """
        parts = tuple(map(normal, PurePosixPath(stated).parts))
        if not parts:
            return []
        found = self._by_name.get(parts[-1]) or self._by_stem.get(PurePosixPath(parts[-1]).stem, [])
        if len(found) > 1:
            agreeing = [_agreement(entry.path, parts) for entry in found]
            found = [entry for entry, n in zip(found, agreeing, strict=True) if n == max(agreeing)]
        if len(found) > 1 and split:
            found = [entry for entry in found if split_of_folder(str(entry.path)) == split] or found
        if len(found) > 1:
            found = [entry for entry in found if entry.path.parent == file.parent] or found
        return found

    @staticmethod
    def _narrow(candidates: list[Entry], annotation: PurePosixPath, stated_name: str) -> list[Entry]:
        named = [c for c in candidates if normal(c.path.name) == normal(stated_name)] or candidates
        beside = [c for c in named if c.path.parent == annotation.parent]
        return beside if len(beside) == 1 else named


def _agreement(path: PurePosixPath, stated: tuple[str, ...]) -> int:
    """How many parts at the end of both are the same."""
    pairs = zip(reversed(path.parts), reversed(stated), strict=False)
    return next((n for n, (own, other) in enumerate(pairs) if normal(own) != other), min(len(path.parts), len(stated)))
