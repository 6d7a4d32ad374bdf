"""Machines of one site, of which each has a disk of its own and all have the bucket."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.buckets import storages


@pytest.fixture
def on(bucket, settings, s3, tmp_path) -> Callable[[str], None]:
    """From here on this process is the machine of that name: `on("near")`."""

    def be(name: str) -> None:
        disk = tmp_path / name
        settings.DATA_DIR, settings.RUNS_ROOT = disk, disk / "runs"
        settings.STORAGES = storages(s3, disk / "photos")

    be("web")
    return be
