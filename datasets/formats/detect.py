"""What is in a folder: the format of its annotations and how the files are laid out, from names and first bytes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from datasets.formats.csv_tf import COLUMNS
from datasets.formats.pets_list import is_pets_list
from datasets.formats.records import FormatError
from datasets.formats.splits import PICTURE_SUFFIXES, list_split, stem_of
from datasets.formats.tfrecord import is_tfrecord

Head = Callable[[str, int], bytes]
#: In the order of preference when several are there: what says most about a box comes first.
FORMATS = {
    "voc": "PASCAL VOC XML (labelImg)",
    "pets": "VOC XML with Oxford-Pets lists",
    "coco": "COCO JSON",
    "createml": "CreateML JSON",
    "ultralytics": "YOLO with data.yaml (Ultralytics)",
    "yolo": "YOLO with classes.txt (labelImg)",
    "csv": "CSV of the TensorFlow tutorials",
    "tfrecord": "TFRecord of the Object Detection API",
}
CLASS_LISTS = {"classes.txt", "obj.names", "_darknet.labels"}
NUMBERS = re.compile(rb"\s*\d+(\.0)?(\s+[-+\d.eE]+){4,}\s*\Z")
SNIFFED = 25  # label files looked into before all are believed


@dataclass(frozen=True)
class Detected:
    """`format` is a key of FORMATS, or "images" when there are no annotations.

    `files` hold the annotations; `lists` are lists of images by split; `class_lists`, `yamls` and `label_maps` name
    classes; `also` are annotations of other formats, which are not read: {format: files}.
    """

    format: str
    layout: str
    why: str
    files: tuple[str, ...] = ()
    lists: dict[str, tuple[str, ...]] = field(default_factory=dict)
    class_lists: tuple[str, ...] = ()
    yamls: tuple[str, ...] = ()
    label_maps: tuple[str, ...] = ()
    also: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return FORMATS.get(self.format, "Images without annotations")


def detect(entries: Sequence[str], head: Head, wanted: str = "auto") -> Detected:
    """The format of a folder given its relative paths; `head(path, n)` gives the first bytes of a file.

    Raises:
        FormatError: `wanted` names a format of which there is no file.
    """
    found = _Listing(entries, head)
    holders = found.holders()
    base = "voc" if wanted == "pets" else wanted
    if wanted == "auto":
        base = _best(holders)
    elif not holders.get(base):
        seen = ", ".join(FORMATS[name] for name, files in holders.items() if files) or "none"
        raise FormatError("format_not_found", f"There is no file of {FORMATS[wanted]} in it. Found: {seen}.")
    also = {name: tuple(files) for name, files in holders.items() if files and name != base}
    if {base, *also} >= {"yolo", "ultralytics"}:  # the same text files under two names
        also.pop("yolo" if base == "ultralytics" else "ultralytics")
    lists = found.lists()
    files = tuple(holders.get(base, ()))
    name = "pets" if base == "voc" and (wanted == "pets" or found.has_pets_list(lists)) else base
    layout, why = found.describe(name, files, lists)
    return Detected(
        name, layout, why, files, lists, tuple(found.class_lists), tuple(found.yamls), tuple(found.label_maps), also
    )


def _best(holders: dict[str, list[str]]) -> str:
    best = next((name for name in FORMATS if holders.get(name)), "images")
    for rival in ("ultralytics", "yolo"):  # a stray XML among thousands of text files does not decide
        if best == "voc" and len(holders.get(rival, ())) > 2 * len(holders["voc"]):
            return rival
    return best


class _Listing:
    def __init__(self, entries: Sequence[str], head: Head) -> None:
        self._head = head
        self.by_suffix: dict[str, list[str]] = {}
        for path in entries:
            name = path.rpartition("/")[2]
            self.by_suffix.setdefault(name.rpartition(".")[2].lower() if "." in name else "", []).append(path)
        self.stems = {stem_of(path) for suffix in PICTURE_SUFFIXES for path in self.by_suffix.get(suffix, ())}
        texts = [*self.by_suffix.get("txt", ()), *self.by_suffix.get("names", ()), *self.by_suffix.get("labels", ())]
        self.class_lists = [path for path in texts if path.rpartition("/")[2].lower() in CLASS_LISTS]
        self.label_maps = self.by_suffix.get("pbtxt", [])
        yamls = [*self.by_suffix.get("yaml", ()), *self.by_suffix.get("yml", ())]
        self.yamls = [path for path in yamls if re.search(rb"(?m)^\s*names\s*:", head(path, 65536))]
        self._labels = self._label_texts()

    def holders(self) -> dict[str, list[str]]:
        """Annotation files by format."""
        jsons = {path: self._json_kind(path) for path in self.by_suffix.get("json", ())}
        return {
            "voc": self.by_suffix.get("xml", []),
            "coco": [path for path, kind in jsons.items() if kind == "coco"],
            "createml": [path for path, kind in jsons.items() if kind == "createml"],
            "ultralytics": self._labels if self.yamls else [],
            "yolo": self._labels,
            "csv": [path for path in self.by_suffix.get("csv", ()) if self._is_csv(path)],
            "tfrecord": self._records(),
        }

    def _label_texts(self) -> list[str]:
        """Text files that hold boxes: named like an image, or with nothing but rows of numbers."""
        texts = [path for path in self.by_suffix.get("txt", ()) if path not in self.class_lists]
        named = [path for path in texts if path.rpartition("/")[2][:-4] in self.stems]
        tried = named[:SNIFFED]
        if sum(map(self._is_numbers, tried)) * 2 <= len(tried):
            named = []
        known = set(named)
        more = [path for path in texts if path not in known and self._is_numbers(path, empty=False)]
        # An empty file among labels says "nothing here", even where its image is not beside it.
        folders = {path.rpartition("/")[0] for path in (*named, *more)}
        known.update(more)
        empty = [
            path
            for path in texts
            if path not in known and path.rpartition("/")[0] in folders and not list_split(path)
            if not self._head(path, 400).strip()
        ]
        return named + more + empty

    def _is_numbers(self, path: str, empty: bool = True) -> bool:
        lines = [line for line in self._head(path, 400).splitlines()[:3] if line.strip()]
        return all(map(NUMBERS.match, lines[:1])) if lines else empty

    def _json_kind(self, path: str) -> str:
        head = self._head(path, 262_144).lstrip(b"\xef\xbb\xbf \t\r\n")
        if head.startswith(b"[") and re.search(rb'"(image|imagefilename)"\s*:', head):
            return "createml"
        coco = re.search(rb'"(images|annotations|categories)"\s*:\s*\[', head)
        return "coco" if head.startswith(b"{") and coco else ""

    def _is_csv(self, path: str) -> bool:
        line = self._head(path, 1000).decode("utf-8-sig", "replace").split("\n", 1)[0].lower()
        cells = {cell.strip().strip('"') for cell in re.split("[,;\t]", line)}
        return len(cells & set(COLUMNS)) >= 6

    def _records(self) -> list[str]:
        likely = [
            path
            for suffix, paths in self.by_suffix.items()
            for path in paths
            if suffix in ("", "record", "tfrecord", "tfrecords") or re.search(r"-\d{5}-of-\d{5}\Z", path)
        ]
        return [path for path in likely if is_tfrecord(self._head(path, 12))]

    def lists(self) -> dict[str, tuple[str, ...]]:
        """Lists of images by split."""
        found: dict[str, list[str]] = {}
        labels = set(self._labels)
        for path in self.by_suffix.get("txt", ()):
            split = list_split(path)
            if split and path not in labels:
                found.setdefault(split, []).append(path)
        return {split: tuple(paths) for split, paths in found.items()}

    def has_pets_list(self, lists: dict[str, tuple[str, ...]]) -> bool:
        return any(
            path.rpartition("/")[0].endswith("annotations")
            and is_pets_list(self._head(path, 4000).rpartition(b"\n")[0])
            for paths in lists.values()
            for path in paths
        )

    def describe(self, name: str, files: tuple[str, ...], lists: dict[str, tuple[str, ...]]) -> tuple[str, str]:
        """How the files lie, and what gave the format away."""
        if name == "images":
            return "Images only", "There is no annotation file of any format known here."
        folders = sorted({path.rpartition("/")[0] for path in files})
        where = f"in {folders[0] or 'the top folder'}" if len(folders) == 1 else f"in {len(folders)} folders"
        layout = f"{len(files):,} {'file' if len(files) == 1 else 'files'} {where}"
        if any("ImageSets" in path for paths in lists.values() for path in paths):
            layout += ", VOC2007 tree with ImageSets"
        if lists:
            layout += f"; lists for {', '.join(lists)}"
        return layout, WHY[name]


WHY = {
    "voc": "There are .xml files.",
    "pets": "There are .xml files, and a list of names with numbers beside them.",
    "coco": "A JSON file has lists of images, annotations and categories.",
    "createml": "A JSON file is a list of images with annotations.",
    "ultralytics": "There are text files with rows of numbers, and a YAML file with names.",
    "yolo": "There are text files with rows of numbers named like the images.",
    "csv": "A CSV file has the columns filename, class, xmin, ymin, xmax, ymax.",
    "tfrecord": "There are files whose first bytes are those of a TFRecord.",
}
