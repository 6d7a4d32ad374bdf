"""Every reader under one call: an input goes in, what was made of it comes out as codes, or it is refused with one."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from random import Random

from datasets.formats import label_map, ultralytics
from datasets.formats.defects import DEFECTS
from datasets.formats.records import AnnotationRecord, Context, FormatError, Piece, Problem
from datasets.formats.registry import read_file
from datasets.importing.boxes import Frame, place_boxes
from datasets.importing.record_source import RecordSource
from datasets.importing.source import FolderSource, ZipSource
from datasets.pictures import MAX_PIXELS, inspect_picture
from sw_site.lib.errors import UserError
from tests.fuzz import archives, raw, records, saves, seeds, trees

Mutate = Callable[[bytes, Random, list[bytes]], bytes]
SIZE = (400, 300)
CONTEXT = Context(names={"": ("bb8", "r2")})
#: Megabytes that reading one small input may take besides what the process holds before.
MEMORY_MB = 1500


class Refused(Exception):
    """A refusal of any kind: `code` for programs, `sentence` for people."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(code)
        self.code, self.sentence = code, sentence


@dataclass(frozen=True)
class Reader:
    """`read(data, folder)` gives the codes of what was remarked; `folder` is the one place it may write to."""

    seeds: Callable[[], list[bytes]]
    mutate: Mutate
    read: Callable[[bytes, Path], list[str]]
    memory_mb: int = MEMORY_MB


def annotations(kind: str, name: str) -> Callable[[bytes, Path], list[str]]:
    def read(data: bytes, folder: Path) -> list[str]:
        return checked(read_file(kind, name, data, CONTEXT))

    return read


def checked(found: Iterable[Piece | Problem]) -> list[str]:
    """Codes of all remarks; asserts that what was read can be kept: texts a database takes, boxes on the picture."""
    codes = []
    for one in found:
        if isinstance(one, Problem):
            codes.append(remark(one.code, one.message))
            continue
        check_texts(one.record)
        boxes, problems = place_boxes(one.record, Frame(*SIZE, SIZE, 1))
        for box in boxes:
            assert all(map(math.isfinite, (box.x1, box.y1, box.x2, box.y2))), box
            assert 0 <= box.x1 < box.x2 <= SIZE[0] and 0 <= box.y1 < box.y2 <= SIZE[1], box
            assert box.score is None or 0 <= box.score <= 1, box
        codes += [remark(error.code, error.message) for error in (*one.record.problems, *problems)]
    return codes


def check_texts(record: AnnotationRecord) -> None:
    """No lone surrogates, no NUL: no database keeps them."""
    texts = [record.file_name, record.folder, record.source_id, *(text for tag in record.tags for text in tag)]
    for box in record.boxes:
        texts += [box.name, box.pose, *(text for tag in box.tags for text in tag)]
    for text in texts:
        assert "\0" not in text, f"NUL in {text[:80]!r}"
        text.encode()
    for number in (record.width, record.height, record.depth):
        assert 0 <= number < 2**31, number


def remark(code: str, sentence: str) -> str:
    assert code in DEFECTS, f"{code} is not in the table of defects"
    check_sentence(code, sentence)
    return code


def check_sentence(code: str, sentence: str) -> None:
    assert code and len(sentence.split()) > 2, (code, sentence)
    assert len(sentence) < 2000, f"{code}: a sentence of {len(sentence)} letters"


def tfrecord(data: bytes, folder: Path) -> list[str]:
    (folder / "a.record").write_bytes(data)
    base = FolderSource(folder)
    source = RecordSource(base, list(base.entries()))
    codes = checked(source.scan({}))
    for entry in source.entries():
        check_place(entry.path)
        source.read(entry)
    return codes + checked(source.problems)


def read_zip(data: bytes, folder: Path) -> list[str]:
    path = folder / "a.zip"
    path.write_bytes(data)
    source = ZipSource(path)
    codes = []
    for entry in source.entries():
        check_place(entry.path)
        try:
            source.read(entry)
            source.open(entry).close()
        except FormatError as error:
            codes.append(remark(error.code, error.message))
    return codes + checked(source.problems)


def check_place(path: PurePosixPath) -> None:
    assert not path.is_absolute() and ".." not in path.parts, path


def pbtxt(data: bytes, folder: Path) -> list[str]:
    from training.engine.zoo.label_map import read_names

    (folder / "a.pbtxt").write_bytes(data)
    outcomes = []
    try:
        found = label_map.read_label_map(data.decode("utf-8"))
        assert min(found) >= 1 and all(found.values())
    except FormatError as error:
        check_sentence(error.code, error.message)
        outcomes.append(error.code)
    except UnicodeDecodeError:
        outcomes.append("label_map_file")  # the page that takes the file says so
    read_names(folder / "a.pbtxt", gaps=True)
    return outcomes


def yaml(data: bytes, folder: Path) -> list[str]:
    found = ultralytics.read_data_yaml(data)
    for place in (place for places in found.places.values() for place in places):
        check_place(PurePosixPath(place))
    return []


def pipeline_config(data: bytes, folder: Path) -> list[str]:
    from training.engine import compat
    from training.engine.config_import import explain

    compat.apply()
    (folder / "pipeline.config").write_bytes(data)
    explain(folder / "pipeline.config")
    return []


def read_tar(data: bytes, folder: Path) -> list[str]:
    from training.engine.request.base import BaseRequest
    from training.engine.zoo import resolve

    (folder / "detector.tar.gz").write_bytes(data)
    resolve(BaseRequest("zoo", str(folder / "detector.tar.gz")), folder / "unpacked", "ssd_mobilenet_v2_fpn_keras")
    return []


def picture(data: bytes, folder: Path) -> list[str]:
    found = inspect_picture(data)
    assert 0 < found.width * found.height <= MAX_PIXELS
    if found.upright is not None:
        assert inspect_picture(found.upright).orientation == 1
    return [remark(note.code, note.message) for note in found.notes]


def video(data: bytes, folder: Path) -> list[str]:
    from datasets.sources.frames import Choice, Film, VideoError, extract
    from datasets.sources.video import is_video

    if not is_video(data[:1024]):
        raise Refused("video_not_readable", "The video is of a kind that is not read, or is none.")
    path, frames = folder / "film", folder / "frames"
    path.write_bytes(data)
    frames.mkdir()
    try:
        for _ in extract(Film(path), frames, "film", Choice(seconds=0.2), False, 50):
            pass
    except VideoError as error:
        raise Refused("video_not_readable", f"The video {error}") from error
    return []


READERS = {
    "voc": Reader(seeds.voc, trees.changed_xml, annotations("voc", "a.xml")),
    "yolo": Reader(seeds.yolo, raw.changed_text, annotations("yolo", "a.txt")),
    "createml": Reader(seeds.createml, trees.changed_json, annotations("createml", "a.json")),
    "coco": Reader(seeds.coco, trees.changed_json, annotations("coco", "a.json")),
    "csv": Reader(seeds.csv, raw.changed_text, annotations("csv", "a.csv")),
    "tfrecord": Reader(seeds.tfrecord, records.changed_record, tfrecord),
    "pbtxt": Reader(seeds.pbtxt, raw.changed_text, pbtxt),
    "yaml": Reader(seeds.yaml, raw.changed_text, yaml),
    "pipeline_config": Reader(seeds.pipeline_config, raw.changed_text, pipeline_config),
    "zip": Reader(seeds.zips, archives.changed_zip, read_zip),
    "tar": Reader(seeds.tars, archives.changed_tar, read_tar),
    "zoo_zip": Reader(seeds.zoo_zips, archives.changed_zip, read_tar),
    "save": Reader(saves.bodies, trees.changed_json, saves.save),
    "image": Reader(seeds.pictures, raw.damaged, picture),
    "video": Reader(seeds.videos, raw.damaged, video),
}


def read(name: str, data: bytes, folder: Path) -> list[str]:
    """The codes of what was remarked of an input; raises `Refused`, or whatever a reader should not raise."""
    from training.engine.errors import EngineError

    try:
        return READERS[name].read(data, folder)
    except (FormatError, UserError) as error:
        check_sentence(error.code, error.message)
        raise Refused(error.code, error.message) from error
    except EngineError as error:
        check_sentence(error.code, error.sentence)
        raise Refused(error.code, error.sentence) from error


def make_input(name: str, seed: int, number: int, whole: list[bytes]) -> bytes:
    """Input `number` of a reader's campaign; the first ones are whole, so that reading what is right is tried, too."""
    if number < len(whole):
        return whole[number]
    random = Random(f"{name} {seed} {number}")
    return READERS[name].mutate(random.choice(whole), random, whole)
