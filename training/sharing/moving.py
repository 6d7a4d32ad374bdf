"""Shared folders into the bucket, or out of it: for a site that grows, or comes home."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from training.models import Run, SharedFile
from training.sharing.folder import SharedFolder
from training.sharing.places import archives, backbones, configs, run_files_of


def move_shared(*, back: bool, progress: Callable[[int, int, str], None]) -> int:
    """Send every folder that training shares, or with `back` bring it; gives the number of folders."""
    folders = list(all_folders())
    for done, shared in enumerate(folders):
        progress(done, len(folders), shared.name)
        if back:
            shared.bring()
        else:
            shared.send()
    return len(folders)


def all_folders() -> Iterator[SharedFolder]:
    known = set(SharedFile.objects.order_by().values_list("folder", flat=True).distinct())
    of_runs = (run_files_of(pk) for pk in Run.objects.order_by("pk").values_list("pk", flat=True))
    for shared in (archives(), backbones(), configs(), *of_runs):
        if shared.name in known or shared.path.is_dir():
            yield shared
