"""Images read ahead: in their order, whoever reads them."""

from __future__ import annotations

from concurrent.futures import Future
from contextlib import nullcontext

import pytest

from datasets.importing import reading
from datasets.importing.source import FolderSource
from tests.factories import picture_bytes


@pytest.fixture
def chunks(tmp_path):
    for n in range(12):
        (tmp_path / f"{n:02}.jpg").write_bytes(picture_bytes())
    (tmp_path / "05.jpg").write_bytes(b"no picture")
    entries = list(FolderSource(tmp_path).entries())
    return FolderSource(tmp_path), [entries[start : start + 2] for start in range(0, 12, 2)]


def said(outcomes):
    return [[getattr(one, "sha256", None) or one.code for one in chunk] for chunk in outcomes]


def test_another_process_says_what_this_one_says(chunks, monkeypatch):
    wanted = said(reading.read_chunks(*chunks, keep=False))
    monkeypatch.setattr(reading, "PROCESSES_FROM", 1)
    assert said(reading.read_chunks(*chunks, keep=False)) == wanted
    assert wanted[2][1] == "image_does_not_decode"


def test_who_would_wait_reads_what_nobody_has_begun(chunks, monkeypatch):
    source, groups = chunks
    wanted = said(reading.read_chunks(source, groups, keep=False))
    monkeypatch.setattr(reading, "PROCESSES_FROM", 1)
    monkeypatch.setattr(reading, "_pool", lambda reader, many: nullcontext(Busy(reader)))
    assert said(reading.read_chunks(source, groups, keep=False)) == wanted


class Busy:
    """A pool that is at its first chunk, ends that when somebody waits for it, and comes to no other."""

    def __init__(self, reader: reading.Reader) -> None:
        self.reader, self.jobs = reader, 0

    def submit(self, work, entries) -> Future:
        self.jobs += 1
        job = Future() if self.jobs > 1 else Begun()
        if self.jobs == 1:
            job.set_running_or_notify_cancel()
            job.work = lambda: [self.reader.read(entry) for entry in entries]
        return job


class Begun(Future):
    def result(self, timeout=None):
        return self.work()
