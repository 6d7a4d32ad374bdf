"""Image files that were brought together for one import, and where each of them came from."""

from __future__ import annotations

import hashlib
import shutil
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from django.conf import settings

from datasets.formats.records import Problem
from datasets.importing.importer import ImportOptions, import_source
from datasets.importing.report import ImportReport
from datasets.importing.source import FolderSource
from datasets.models import Dataset, ImageOrigin

if TYPE_CHECKING:
    from collections.abc import Callable

    from sw_site.accounts.models import User
    from sw_site.jobs.context import JobContext

AT_ONCE = 500
#: Said of every image that comes without labels; here none could come with them.
UNLABELLED = "image_without_annotation"


@dataclass(frozen=True)
class Origin:
    """See the fields of ImageOrigin."""

    kind: str
    source: str
    digest: str
    frame: int = 0
    seconds: float | None = None


@dataclass
class Fetched:
    """`origins` by the SHA-256 of the files' bytes; `problems` of what did not become a file."""

    folder: Path
    origins: dict[str, list[Origin]] = field(default_factory=lambda: defaultdict(list))
    problems: list[Problem] = field(default_factory=list)

    def add(self, name: PurePosixPath, data: bytes, origin: Origin) -> None:
        """Write a file under `name`, or under a name beside it when another has taken that."""
        target, number = self.folder / name, 1
        while target.exists() or len(target.name.encode()) > 250:
            number += 1
            target = self.folder / name.with_name(f"{name.stem[:60]}-{number}{name.suffix}")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        self.origins[hashlib.sha256(data).hexdigest()].append(origin)


@contextmanager
def working_folder(context: JobContext) -> Iterator[Path]:
    """A folder that lasts as long as the work of a job; what an attempt that died has left is thrown away first."""
    folder = Path(settings.UPLOADS_ROOT) / f"job-{context.job.pk}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def import_fetched(
    dataset: Dataset, fetched: Fetched, user: User | None, step: Callable[[int, int, str], None]
) -> ImportReport:
    """Hand the files to the importer and write down where they came from; with no file, only the problems are said."""
    if not fetched.origins:
        return ImportReport(problems=fetched.problems, classes=[each.name for each in dataset.classes.all()])
    source = FolderSource(fetched.folder, fetched.problems)
    report = import_source(dataset, source, ImportOptions({}), user, step)
    known = set(fetched.problems)  # these stay in their own order
    others = [problem for problem in report.problems if problem.code != UNLABELLED and problem not in known]
    report.problems = [*fetched.problems, *others]
    keep_origins(dataset, fetched.origins)
    return report


def keep_origins(dataset: Dataset, origins: dict[str, list[Origin]]) -> None:
    hashes = list(origins)
    for start in range(0, len(hashes), AT_ONCE):
        images = dataset.images.filter(sha256__in=hashes[start : start + AT_ONCE]).values_list("pk", "sha256")
        rows = [ImageOrigin(image_id=pk, **vars(origin)) for pk, sha256 in images for origin in origins[sha256]]
        ImageOrigin.objects.bulk_create(rows, ignore_conflicts=True)


def part_of(step: Callable[[float, float, str], None], start: float, end: float) -> Callable[[int, int, str], None]:
    """`step` for a stage of the work that takes it from `start` to `end`, both of 0 to 1."""

    def inside(done: int, total: int, message: str) -> None:
        step(start + (end - start) * done / max(total, 1), 1.0, message)

    return inside
