"""Write a dataset or a version out in one format, and say what the format has no place for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from datasets.exporting.items import ExportItem, Items
from datasets.exporting.sinks import open_sink
from datasets.exporting.writers import LACKS, WRITERS, Job
from datasets.formats.detect import FORMATS
from datasets.models import Dataset, DatasetVersion
from sw_site.lib.collector import fewer_collections
from sw_site.lib.errors import UserError

Progress = Callable[[int, int, str], None]


def export_dataset(
    dataset: Dataset,
    kind: str,
    output: Path,
    version: DatasetVersion | None = None,
    *,
    images: bool = False,
    originals: bool = False,
    one_based: bool = False,
    progress: Progress = lambda done, total, message: None,
) -> dict[str, Any]:
    """Write the labelled images of a dataset, or a frozen version of it, to a new folder or a .zip.

    `images` puts the upright pictures beside the labels, `originals` the files as they came. Gives counts, and under
    `lost` how many images or boxes say something that the format has no place for.

    Raises:
        UserError: no such format, nothing labelled, or the folder is not empty.
    """
    if kind not in WRITERS:
        raise UserError("unknown_format", f"{kind!r} is not a format. Choose one of {', '.join(FORMATS)}.")
    with fewer_collections():
        return _export(dataset, kind, output, version, images, originals, one_based, progress)


def _export(
    dataset: Dataset,
    kind: str,
    output: Path,
    version: DatasetVersion | None,
    images: bool,
    originals: bool,
    one_based: bool,
    progress: Progress,
) -> dict[str, Any]:
    items = _Counted(dataset, version, LACKS[kind], originals=originals)
    items.voc = kind in ("voc", "pets")
    if not len(items):
        raise UserError(
            "nothing_to_export", f"{dataset.name} has no labelled image yet, so there is nothing to export."
        )
    done = 0

    def tick() -> None:
        nonlocal done
        done += 1
        if done % 100 == 0:
            progress(done, len(items), f"{done:,} of {len(items):,} images")

    with open_sink(output) as sink:
        WRITERS[kind](Job(items, sink, images or originals, originals, one_based, tick))
    left_out = dataset.images.count() - len(items) if version is None else 0
    return {
        "dataset": dataset.name,
        "format": kind,
        "version": version.number if version else None,
        "output": str(output),
        "images": len(items),
        "boxes": items.boxes,
        "unlabelled_left_out": left_out,
        "lost": dict(items.lost),
    }


class _Counted(Items):
    """Items that count, as they go by, what the format will not say."""

    def __init__(
        self, dataset: Dataset, version: DatasetVersion | None, lacking: set[str], *, originals: bool = False
    ) -> None:
        super().__init__(dataset, version, originals=originals)
        self.boxes = 0
        self.lost: Counter[str] = Counter()
        self._of_image = sorted(lacking & {"verified", "tags", "split", "negative"})
        self._of_box = sorted(lacking & {"difficult", "truncated", "occluded", "pose", "score", "crowd", "tags"})

    def _chunk(self, ids: list[int]) -> Any:
        for item in super()._chunk(ids):
            self._count(item)
            yield item

    def _count(self, item: ExportItem) -> None:
        record = item.record
        self.boxes += len(record.boxes)
        said = {
            "negative": not record.boxes,
            "verified": record.verified,
            "split": bool(record.split),
            # Where a file lay on somebody else's computer is no loss.
            "tags": any(tag[0] != "path" for tag in record.tags),
        }
        for name in self._of_image:
            if said[name]:
                self.lost[name] += 1
        for box in record.boxes if self._of_box else ():
            for name in self._of_box:
                value = getattr(box, name)
                if value is not None and value not in (False, "", ()):
                    self.lost[name] += 1
