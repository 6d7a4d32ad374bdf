"""Keeping the folder of runs within its budget: what can be made again goes first, what cannot never goes."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from sw_site.jobs.hosts import here
from sw_site.jobs.models import JobState
from sw_site.lib.files.where import bucket
from training.models import Run
from training.sharing.places import run_files
from training.words import size

GB = 10**9
#: In a run directory whose working files were taken away.
DATA_GONE = "working-files-removed"
ENDED = (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED)


@dataclass(frozen=True)
class Usage:
    """Bytes below the folder of runs, what it may take (0: no limit), and what is free on its disk."""

    used: int
    budget: int
    free: int

    @property
    def over(self) -> int:
        return max(0, self.used - self.budget) if self.budget else 0


def usage() -> Usage:
    root = Path(settings.RUNS_ROOT)
    root.mkdir(parents=True, exist_ok=True)
    return Usage(folder_bytes(root), settings.RUNS_BUDGET_GB * GB, shutil.disk_usage(root).free)


def make_room(bytes_wanted: int | None = None) -> list[Run]:
    """Take working files from ended runs, the oldest first, until the budget is kept (or so many bytes are freed).

    Working files are TFRecords, the checkpoints a run would go on from, and fetched starts. The best checkpoint, the
    exports, the curves and the log always stay; pinned and paused runs keep everything. Each run is told in its
    history. Gives the runs that lost something.
    """
    missing = usage().over if bytes_wanted is None else bytes_wanted
    lighter = []
    for run in removable_runs() if missing > 0 else ():
        freed = remove_working_files(run)
        if freed:
            run.note("disk", told(freed))
            lighter.append(run)
            missing -= freed
        if missing <= 0:
            break
    return lighter


def told(freed: int) -> str:
    if bucket():
        return f"{size(freed)} of working files removed from {here()} to make room; they are fetched again when needed."
    return f"{size(freed)} of working files removed to make room; model, exports and curves stay."


def removable_runs() -> Iterable[Run]:
    ended = Run.objects.filter(job__state__in=ENDED, pinned=False, paused=False)
    return ended.order_by("job__finished_at", "pk")


def remove_working_files(run: Run) -> int:
    """Bytes that were freed."""
    sizes = {path.relative_to(run.directory).as_posix(): path.stat().st_size for path in working_files(run.directory)}
    freed = sum(sizes.values())
    if sizes:
        run_files(run).let_go(sizes)
    if freed:
        (run.directory / "records.json").unlink(missing_ok=True)
        (run.directory / DATA_GONE).touch()
    return freed


def working_files(directory: Path) -> Iterator[Path]:
    yield from directory.glob("*.record")
    for name in ("checkpoints", "base"):
        yield from (path for path in (directory / name).rglob("*") if path.is_file())


def folder_bytes(folder: Path) -> int:
    """Bytes of all files below a folder, one with two names counted once; those that vanish meanwhile count nothing."""
    sizes = {}
    for path in folder.rglob("*"):
        try:
            about = path.lstat()
        except OSError:
            continue
        if not path.is_dir():
            sizes[(about.st_dev, about.st_ino)] = about.st_size
    return sum(sizes.values())
