"""events.jsonl as written by the engine and read by a worker."""

import json
import math

import pytest

from training.engine.events import EventLog
from training.engine.runner import read_events


def test_events_are_read_once_and_in_order(tmp_path):
    path = tmp_path / "events.jsonl"
    log = EventLog(path)
    log.state("starting", "Zoë")
    first, offset = read_events(path)
    log.write("step", step=1, loss={"total": math.nan, "localization": 0.123456789})
    second, end = read_events(path, offset)
    log.close()
    assert [event["type"] for event in first] == ["state"]
    assert first[0]["message"] == "Zoë"
    assert second[0]["loss"] == {"total": None, "localization": 0.123457}
    assert read_events(path, end) == ([], end)
    assert end == path.stat().st_size


def test_no_file_yet(tmp_path):
    assert read_events(tmp_path / "events.jsonl", 5) == ([], 5)


def test_a_half_written_line_waits_for_its_end(tmp_path):
    path = tmp_path / "events.jsonl"
    whole = json.dumps({"type": "step", "step": 1}) + "\n"
    path.write_text(whole + '{"type": "st')
    events, offset = read_events(path)
    assert (len(events), offset) == (1, len(whole))
    path.write_text(whole + '{"type": "step", "step": 2}\n')
    assert read_events(path, offset)[0] == [{"type": "step", "step": 2}]


def test_a_line_cut_by_a_killed_process_spoils_only_itself(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_text('{"type": "st')
    log = EventLog(path)
    log.state("starting", "again")
    log.close()
    events, _ = read_events(path)
    assert [event["message"] for event in events] == ["again"]


def test_a_full_disk_is_an_error_once_and_spoils_no_later_line(tmp_path, monkeypatch):
    """/dev/full answers every write with ENOSPC; closing must not fail for what could not be written."""
    path = tmp_path / "events.jsonl"
    path.symlink_to("/dev/full")
    log = EventLog(path)
    with pytest.raises(OSError, match="No space left"):
        log.state("starting", "again")
    log.close()


class Narrow:
    """A raw file on a disk with room for `room` more bytes."""

    def __init__(self, file, room):
        self.file, self.room, self.name = file, room, "events.jsonl"

    def write(self, data):
        taken, self.room = data[: self.room], max(0, self.room - len(data))
        return self.file.write(taken)

    def close(self):
        self.file.close()


def test_a_line_that_did_not_fit_is_closed_before_the_next(tmp_path):
    path = tmp_path / "events.jsonl"
    log = EventLog(path)
    whole = log._file
    log._file = Narrow(whole, 10)
    with pytest.raises(OSError, match="No space left"):
        log.state("starting", "again")
    log._file = whole
    log.state("failed", "The disk is full.")
    log.close()
    assert [event["state"] for event in read_events(path)[0]] == ["failed"]


def test_text_that_is_no_utf8_is_written(tmp_path):
    log = EventLog(tmp_path / "events.jsonl")
    log.state("records", "photo \udcff.jpg")
    log.close()
    assert read_events(tmp_path / "events.jsonl")[0][0]["message"] == "photo ?.jpg"
