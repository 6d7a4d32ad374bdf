"""A folder that two machines share through a bucket: sent, brought, changed, taken away, raced for, out of reach."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from sw_site.lib.files.bucket import BucketFiles
from sw_site.lib.files.where import StoreGone
from sw_site.upkeep import strays
from sw_site.upkeep.verifying import verify
from training.models import ReplacedFile, SharedFile
from training.sharing import notes, sending
from training.sharing.folder import SharedFolder

pytestmark = pytest.mark.django_db


@pytest.fixture
def machines(bucket, settings, tmp_path, monkeypatch):
    """The same folder on two machines: (here, there)."""
    settings.DATA_DIR = tmp_path / "data"
    monkeypatch.setattr(sending, "KEEP_SECONDS", 0)
    here, there = (SharedFolder("runs/7", tmp_path / name / "7", ("*.record",)) for name in ("here", "there"))
    write(here, {"log.txt": "one\n", "best/ckpt-5.index": "five", "a.record": "big"})
    return here, there


def write(shared: SharedFolder, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = shared.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def files(shared: SharedFolder) -> dict[str, str]:
    return {name: (shared.path / name).read_text() for name, _ in notes.files_below(shared.path) if name != notes.NOTE}


def objects(bucket) -> list[str]:
    return sorted(Path(name).name for name, _, _ in bucket.objects("shared/"))


def test_what_one_machine_sends_the_other_has(machines, bucket):
    here, there = machines
    assert here.send() == 2 and here.send() == 0
    there.bring()
    assert files(there) == {"log.txt": "one\n", "best/ckpt-5.index": "five"}
    assert objects(bucket) == ["ckpt-5.index", "log.txt"]
    assert there.sizes("best") == {"best/ckpt-5.index": 4} and there.has("best") and not there.has("exports")


def test_what_was_replaced_stays_for_a_backup_that_knows_it(machines, bucket, monkeypatch):
    monkeypatch.setattr(sending, "KEEP_SECONDS", 60)
    here, _ = machines
    here.send()
    write(here, {"log.txt": "two"})
    here.send()
    assert objects(bucket) == ["ckpt-5.index", "log.txt", "log.txt"]
    monkeypatch.setattr(strays, "is_young", lambda name: False)
    assert verify(["strays"])["counts"] == {}
    write(here, {"log.txt": "one\n"})  # the bytes come back before their time is over
    here.send()
    ReplacedFile.objects.update(replaced_at=timezone.now() - timedelta(seconds=61))
    sending.clear_replaced()
    assert objects(bucket) == ["ckpt-5.index", "log.txt"] and not ReplacedFile.objects.exists()
    assert bucket.open(SharedFile.objects.get(name="log.txt").file).read() == b"one\n"


def test_what_was_replaced_waits_for_a_bucket_that_is_away(machines, bucket, monkeypatch):
    here, _ = machines
    here.send()
    monkeypatch.setattr(BucketFiles, "delete", away)
    here.forget()
    sending.clear_replaced()
    assert objects(bucket) == ["ckpt-5.index", "log.txt"] and ReplacedFile.objects.count() == 2
    monkeypatch.undo()


def away(self, name, *rest):
    raise StoreGone("no route")


def test_a_part_is_brought_alone(machines):
    here, there = machines
    here.send()
    assert there.place("log.txt").read_text() == "one\n" and files(there).keys() == {"log.txt"}
    assert list(there.place("best").iterdir()) and not there.place("bes").exists()


def test_what_changed_is_sent_and_what_it_was_goes(machines, bucket):
    here, there = machines
    here.send()
    there.bring()
    write(here, {"log.txt": "one\ntwo\n"})
    assert here.send() == 1 and objects(bucket) == ["ckpt-5.index", "log.txt"]
    there.bring()
    assert files(there)["log.txt"] == "one\ntwo\n"


def test_what_went_on_one_goes_on_the_other_when_it_is_to_be_exact(machines, bucket):
    here, there = machines
    here.send()
    there.bring()
    write(there, {"best/ckpt-4.index": "never sent", "b.record": "its own"})
    (here.path / "best/ckpt-5.index").unlink()
    write(here, {"best/ckpt-9.index": "nine"})
    here.send()
    assert objects(bucket) == ["ckpt-9.index", "log.txt"]
    there.bring()
    assert "best/ckpt-4.index" in files(there)
    write(here, {"log.txt": "three"})
    here.send()
    there.bring(exact=True)
    assert files(there) == {"log.txt": "three", "best/ckpt-9.index": "nine", "b.record": "its own"}


def test_a_copy_that_was_changed_since_stays(machines):
    """A worker that was killed before it could send has the newest state of all, as long as nobody else went on."""
    here, there = machines
    here.send()
    write(here, {"log.txt": "one\nnever sent\n", "best/ckpt-6.index": "six"})
    here.bring(exact=True)
    assert files(here)["log.txt"] == "one\nnever sent\n" and "best/ckpt-6.index" in files(here)
    there.bring()
    write(there, {"log.txt": "one\nother\n"})
    there.send()
    here.bring(exact=True)
    assert files(here) == {"log.txt": "one\nother\n", "best/ckpt-5.index": "five", "a.record": "big"}


def test_who_has_lost_the_job_changes_nothing(machines, bucket):
    here, there = machines
    here.send()
    write(here, {"log.txt": "stale"})
    assert here.send(still_mine=lambda: False) == 0
    there.bring()
    assert files(there)["log.txt"] == "one\n"


def test_while_something_works_in_it_nothing_is_brought(machines):
    here, there = machines
    here.send()
    with there.at_work():
        there.bring()
        assert files(there) == {}
    there.bring()
    assert "log.txt" in files(there)


def test_a_first_part_brings_all_of_it_along(machines):
    """A run from before the site had a bucket: half of it would look like all of it."""
    here, there = machines
    write(here, {"exports/onnx/model.onnx": "graph"})
    assert here.send("exports/onnx") == 3
    write(here, {"log.txt": "later", "exports/onnx/model.json": "{}"})
    assert here.send("exports/onnx") == 1 and files(here)["log.txt"] == "later"
    there.bring()
    assert files(there)["log.txt"] == "one\n"


def test_a_growing_file_of_lines_is_sent_to_its_last_whole_line(machines):
    here, there = machines
    write(here, {"events.jsonl": '{"a": 1}\n{"b": ', "none.jsonl": '{"c"'})
    here.send()
    there.bring()
    assert files(there)["events.jsonl"] == '{"a": 1}\n' and files(there)["none.jsonl"] == ""


def test_what_is_let_go_here_comes_again(machines):
    here, _ = machines
    here.send()
    here.let_go(["best/ckpt-5.index", "a.record"])
    assert files(here).keys() == {"log.txt"} and here.has("best/ckpt-5.index")
    assert here.send() == 0
    here.bring()
    assert files(here).keys() == {"log.txt", "best/ckpt-5.index"}


def test_a_machine_that_has_a_part_of_it_takes_nothing_away(machines):
    here, there = machines
    here.send()
    there.bring("log.txt")
    write(there, {"log.txt": "one\ntwo\n"})
    assert there.send() == 1
    here.bring()
    assert files(here) == {"log.txt": "one\ntwo\n", "best/ckpt-5.index": "five", "a.record": "big"}


def test_a_folder_that_changes_while_it_is_read_is_read_again(machines, monkeypatch):
    """A checkpoint is written and an older one goes: no mixture of both is sent."""
    here, there = machines
    usual, calls = sending.listed, []

    def listed(shared, parts):
        found = usual(shared, parts)
        calls.append(1)
        if len(calls) == 1:
            (here.path / "best/ckpt-5.index").unlink()
            write(here, {"best/ckpt-9.index": "nine"})
        return found

    monkeypatch.setattr(sending, "listed", listed)
    here.send()
    there.bring()
    assert files(there) == {"log.txt": "one\n", "best/ckpt-9.index": "nine"}


def test_a_file_that_is_replaced_while_it_is_fetched_is_looked_up_again(machines, monkeypatch):
    here, there = machines
    here.send()
    usual, asked = BucketFiles.fetch, []

    def fetch(self, name, path):
        asked.append(name)
        if name.endswith("log.txt") and sum(one.endswith("log.txt") for one in asked) == 1:
            raise FileNotFoundError(name)
        usual(self, name, path)

    monkeypatch.setattr(BucketFiles, "fetch", fetch)
    there.bring()
    assert files(there) == {"log.txt": "one\n", "best/ckpt-5.index": "five"} and len(asked) == 3


def test_a_file_that_the_bucket_has_lost_is_absent(machines, bucket):
    here, there = machines
    here.send()
    bucket.delete(SharedFile.objects.get(name="log.txt").file)
    there.bring()
    assert files(there) == {"best/ckpt-5.index": "five"}


def test_without_the_bucket_what_is_here_is_used(machines, monkeypatch, caplog):
    here, there = machines
    here.send()
    there.bring()
    write(here, {"log.txt": "newer"})
    here.send()

    def gone(self, name, path):
        raise StoreGone("no route")

    monkeypatch.setattr(BucketFiles, "fetch", gone)
    assert there.place("log.txt").read_text() == "one\n" and "no route" in caplog.text
    (there.path / "best/ckpt-5.index").unlink()
    with pytest.raises(StoreGone):  # half a checkpoint is none
        there.place("best")
    with pytest.raises(StoreGone):
        replace(there, path=there.path.parent / "8").place("log.txt")


def test_all_of_it_is_forgotten(machines, bucket):
    here, _ = machines
    here.send()
    here.forget()
    sending.clear_replaced()
    assert objects(bucket) == [] and not SharedFile.objects.exists() and "log.txt" in files(here)


def test_names_that_lead_out_of_the_folder_are_nowhere(machines):
    here, there = machines
    assert not there.has("../../etc/passwd") and there.sizes("..") == {}


def test_on_a_disk_it_is_a_folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    shared = SharedFolder("runs/7", tmp_path / "7", ("*.record",))
    write(shared, {"log.txt": "one\n", "best/ckpt-5.index": "five", "a.record": "big"})
    assert shared.send() == 0 and shared.place("log.txt").read_text() == "one\n"
    shared.bring(exact=True)
    assert shared.sizes() == {"log.txt": 4, "best/ckpt-5.index": 4} and shared.sizes("best") == {"best/ckpt-5.index": 4}
    shared.let_go(["best/ckpt-5.index"])
    shared.forget()
    assert files(shared).keys() == {"log.txt", "a.record"} and not SharedFile.objects.exists()
