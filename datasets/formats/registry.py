"""All readers under one call."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from datasets.formats import coco, createml, csv_tf, voc, yolo
from datasets.formats.detect import Detected
from datasets.formats.label_map import read_label_map
from datasets.formats.records import AnnotationRecord, Context, FormatError, Piece, Problem
from datasets.formats.splits import SPLITS, SplitLists, read_list
from datasets.formats.ultralytics import DataYaml, read_data_yaml

Parse = Callable[[bytes, str, Context], Iterator[tuple[AnnotationRecord, bytes]]]
Read = Callable[[str], bytes]
Found = TypeVar("Found")
PARSERS: dict[str, Parse] = {
    "voc": voc.parse,
    "pets": voc.parse,
    "yolo": yolo.parse,
    "ultralytics": yolo.parse,
    "createml": createml.parse,
    "coco": coco.parse,
    "csv": csv_tf.parse,
}
#: A file of these is about one image, whose name it shares.
OWN_FILE = {"voc", "pets", "yolo", "ultralytics"}


def read_file(kind: str, path: str, data: bytes, context: Context) -> list[Piece | Problem]:
    """Everything an annotation file says, image by image; a file that cannot be read gives one problem."""
    found: list[Piece | Problem] = []
    try:
        for record, content in PARSERS[kind](data, path, context):
            if content or record.boxes or kind in OWN_FILE:
                found.append(Piece(path, record, content, kind in OWN_FILE))
            else:
                found.extend(Problem(path, problem.code, problem.message) for problem in record.problems)
    except FormatError as error:
        found.append(Problem(path, error.code, error.message))
    return found


def make_context(detected: Detected, read: Read, one_based: bool, problems: list[Problem]) -> Context:
    """Class names that stand in files of their own."""
    names: dict[str, tuple[str, ...]] = {}
    if detected.format == "yolo":
        for path in detected.class_lists:
            found = _tried(path, lambda path: yolo.read_classes(read(path)), problems)
            if found:
                names[path.rpartition("/")[0]] = found
    if detected.format == "ultralytics":
        for document in _yamls(detected, read, problems)[:1]:
            names[""] = document.names
    return Context(one_based, names)


def label_names(detected: Detected, read: Read) -> dict[int, str]:
    """Classes by number from a label map among the files, if there is exactly one that can be read."""
    maps = []
    for path in detected.label_maps:
        try:
            maps.append(read_label_map(read(path).decode("utf-8")))
        except (FormatError, UnicodeDecodeError):
            continue
    return maps[0] if len(maps) == 1 else {}


def split_lists(detected: Detected, read: Read, problems: list[Problem]) -> SplitLists:
    """Images by split from all lists: ImageSets, Oxford-Pets and the lists a data.yaml names."""
    lists: dict[str, list[str]] = {}
    for split, paths in detected.lists.items():
        for path in paths:
            text = _tried(path, lambda path: yolo.decode(read(path)), problems)
            lists.setdefault(split, []).extend(read_list(text or ""))
    return SplitLists(lists)


def split_folders(detected: Detected, read: Read) -> Mapping[str, str]:
    """Folders of images by the split that a data.yaml gives them."""
    places: dict[str, str] = {}
    for document in _yamls(detected, read, []):
        for split in SPLITS:
            for place in document.places.get(split, ()):
                if not place.endswith(".txt"):
                    places[place] = split
    return places


def _yamls(detected: Detected, read: Read, problems: list[Problem]) -> list[DataYaml]:
    if detected.format != "ultralytics":
        return []
    found = (_tried(path, lambda path: read_data_yaml(read(path)), problems) for path in detected.yamls)
    return [document for document in found if document]


def _tried(path: str, work: Callable[[str], Found], problems: list[Problem]) -> Found | None:
    try:
        return work(path)
    except FormatError as error:
        problems.append(Problem(path, error.code, error.message))
        return None
