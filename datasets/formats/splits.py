"""Which split an image belongs to, as files, lists and folders say it. Pure functions on names and texts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

WORDS = {"train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}
SPLITS = ("train", "val", "test")
#: Suffixes of pictures, without the dot.
PICTURE_SUFFIXES = (
    "jpg",
    "jpeg",
    "jpe",
    "jfif",
    "png",
    "bmp",
    "gif",
    "webp",
    "tif",
    "tiff",
    "avif",
    "ppm",
    "pgm",
    "jp2",
)
PICTURE_OR_XML = re.compile(rf"\.({'|'.join(PICTURE_SUFFIXES)}|xml)\Z", re.IGNORECASE)
#: A word of a file name: "train_labels.csv", "instances_val2017.json", "train.record-00000-of-00010".
NUMBERS = re.compile(r"(\s+-?\d+)+\Z")
NAME_WORD = re.compile(r"(?<![a-z])(train|training|val|valid|validation|test)(?![a-z])")


def split_of_folder(path: str) -> str:
    """The split that a folder of this path is named after, the innermost first; else empty."""
    parts = path.lower().split("/")[:-1]
    return next((WORDS[part] for part in reversed(parts) if part in WORDS), "")


def split_of_name(path: str) -> str:
    """The split that a file (a CSV, JSON or record of many images) is named after; else empty."""
    found = set(NAME_WORD.findall(path.rpartition("/")[2].lower()))
    return WORDS[found.pop()] if len(found) == 1 else ""


def list_split(path: str) -> str | None:
    """The split of a list of images: train.txt, val.txt, test.txt, and trainval.txt, of which a part may be val."""
    stem, _, suffix = path.rpartition("/")[2].lower().rpartition(".")
    if suffix != "txt":
        return None
    return "trainval" if stem == "trainval" else WORDS.get(stem)


def read_list(text: str) -> list[str]:
    """Lines of a list: a name each (VOC), a path (Ultralytics), or a name and numbers (Oxford-Pets)."""
    lines = (line.strip() for line in text.lstrip("\ufeff").splitlines())
    return [line for line in lines if line and not line.startswith("#")]


class SplitLists:
    """Splits by the name of an image, from all lists together; train, val and test weigh more than trainval."""

    def __init__(self, lists: Mapping[str, Iterable[str]]) -> None:
        self._by_name: dict[str, str] = {}
        self._before_numbers: dict[str, str] = {}  # "my photo 1" may be a name, or a name and a number
        for split in ("trainval", *SPLITS):
            own = "train" if split == "trainval" else split
            for line in lists.get(split, ()):
                self._by_name[stem_of(line)] = own
                self._before_numbers[stem_of(NUMBERS.sub("", line))] = own

    def __len__(self) -> int:
        return len(self._by_name)

    def find(self, path: str) -> str:
        stem = stem_of(path)
        return self._by_name.get(stem) or self._before_numbers.get(stem, "")


def stem_of(path: str) -> str:
    """Last part of a path without its suffix, if that is one of a picture."""
    name = path.replace("\\", "/").rpartition("/")[2]
    return PICTURE_OR_XML.sub("", name)
