"""Every format written to a folder and to a zip, and read again field by field.

    python -m benchmarks.datasets.export --images 10000

Labels without pictures, which TFRecords alone always hold. What was written is read by the site's readers and held
against the annotation files of the corpus, read by an XML parser: `exact` is the share of images whose every field,
of those that the format has a place for, is the same. Prints one JSON object. Goals at 10,000 images: VOC, COCO and
YOLO in 5 seconds or less each (Label Studio needs 16.0 for VOC and 11.6 for COCO), all of them exact, 400 MB or less.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.datasets.parts import MEMORY_MB, clock, import_all, run_parts, verdict

if TYPE_CHECKING:
    from datasets.formats.records import AnnotationRecord, BoxRecord

FORMATS = ("voc", "pets", "coco", "createml", "ultralytics", "yolo", "csv", "tfrecord")
GOAL_SECONDS = {"voc": 5.0, "coco": 5.0, "yolo": 5.0}


def export(kind: str, corpus: Path) -> dict[str, Any]:
    from datasets.exporting.export import export_dataset
    from datasets.models import Dataset

    dataset = Dataset.objects.get()
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(dir=corpus.parent) as folder:
        for name in ("out", "out.zip"):
            target = Path(folder) / name
            with clock() as spent:
                result = export_dataset(dataset, kind, target)
            figures["zip" if name == "out.zip" else "folder"] = spent
        shutil.rmtree(Path(folder) / "out")
        return {**figures, "lost": result["lost"], "exact": exact_share(kind, target, corpus)}


def exact_share(kind: str, written: Path, corpus: Path) -> float:
    """Share of the corpus' images of which the export says everything it can."""
    from datasets.exporting.writers import LACKS
    from datasets.formats.voc import read_any

    found = {record.file_name: record for record in records(kind, written)}
    same = total = 0
    for file in (corpus / "annotations").iterdir():
        wanted = read_any(file.read_bytes())
        if not wanted.boxes and "negative" in LACKS[kind]:
            continue
        total += 1
        said = found.get(wanted.file_name) or found.get(wanted.file_name.removesuffix(".jpg"))
        same += said is not None and fields(said, LACKS[kind]) == fields(wanted, LACKS[kind])
    return same / total


def records(kind: str, written: Path) -> Iterator[AnnotationRecord]:
    """Everything an export says, in pixels."""
    from datasets.importing.annotations import Annotations
    from datasets.importing.boxes import Frame, place_boxes
    from datasets.importing.importer import ImportOptions
    from datasets.importing.source import open_source

    found = Annotations(open_source(written), ImportOptions({}, format=kind))
    found.read()
    frame = Frame(640, 480, (640, 480), 1)
    for annotation in [*found.orphans, *(one for many in found.of_image.values() for one in many)]:
        record = annotation.record
        if record.relative:
            record = replace(record, boxes=tuple(place_boxes(record, frame)[0]))
        yield replace(record, file_name=record.file_name or annotation.path.stem)


def fields(record: AnnotationRecord, lacking: set[str]) -> tuple[Any, ...]:
    verified = record.verified and "verified" not in lacking
    return verified, sorted(map(partial(box_fields, lacking=lacking), record.boxes))


def box_fields(box: BoxRecord, lacking: set[str]) -> tuple[Any, ...]:
    said = [(name, getattr(box, name)) for name in ("difficult", "truncated", "occluded", "pose", "crowd")]
    return box.name, box.x1, box.y1, box.x2, box.y2, tuple(pair for pair in said if pair[0] not in lacking)


PARTS = {"import": import_all, **{kind: partial(export, kind) for kind in FORMATS}}


def main() -> None:
    ran = run_parts("benchmarks.datasets.export", __doc__, PARTS, 10_000)
    if ran is None:
        return
    images, figures = ran
    kinds = {kind: figures[kind] for kind in FORMATS}
    reached = {
        f"{kind}_seconds": max(kinds[kind][way]["seconds"] for way in ("folder", "zip")) for kind in GOAL_SECONDS
    }
    reached["memory_mb"] = max(part["memory_mb"] for part in kinds.values())
    reached["least_exact"] = min(part["exact"] for part in kinds.values())
    goals = {f"{kind}_seconds": seconds * images / 10_000 for kind, seconds in GOAL_SECONDS.items()}
    goals |= {"memory_mb": MEMORY_MB, "least_exact": 1.0}
    print(
        json.dumps({"benchmark": "datasets_export", "images": images, **verdict(reached, goals), **figures}, indent=1)
    )


if __name__ == "__main__":
    main()
