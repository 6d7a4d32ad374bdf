"""The engine process: exit codes, error events and what it does not import."""

import errno
import json
import subprocess
import sys

import pytest

from tests.training.engine.builders import events, make_dataset, make_request, make_run
from training.engine import runner
from training.engine.__main__ import explain


def engine(run_dir, *arguments) -> int:
    return runner.start(run_dir, *arguments).wait(60)


def test_importing_the_engine_does_not_import_tensorflow():
    code = (
        "import sys, training.engine, training.engine.runner, training.engine.predictor, training.engine.request;"
        "print([name for name in ('tensorflow', 'object_detection', 'django') if name in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], cwd=runner.ROOT, capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_bad_dataset_is_refused_with_one_sentence(tmp_path):
    dataset = make_dataset(tmp_path / "photos")
    for image in dataset["images"]:
        image["boxes"] = image["boxes"] if image["split"] != "val" else []
    run_dir = make_run(tmp_path / "run", dataset=dataset)
    assert engine(run_dir) == runner.REFUSED
    (error,) = events(run_dir, "error")
    assert error["code"] == "no_val_boxes"
    assert events(run_dir)[-1]["state"] == "failed"
    assert not list(run_dir.glob("*.record"))


def test_bad_request_is_refused(tmp_path):
    run_dir = make_run(tmp_path, request=make_request(steps=0))
    assert engine(run_dir) == runner.REFUSED
    assert events(run_dir, "error")[0]["code"] == "bad_request"


def test_a_cancel_file_stops_it_before_it_begins(tmp_path):
    run_dir = make_run(tmp_path)
    (run_dir / "cancel").touch()
    assert engine(run_dir) == runner.CANCELLED
    assert events(run_dir)[-1]["state"] == "cancelled"


def test_not_a_run_directory(tmp_path):
    answer = subprocess.run(
        [sys.executable, "-m", "training.engine", "train", str(tmp_path / "none")],
        cwd=runner.ROOT,
        capture_output=True,
        text=True,
    )
    assert answer.returncode == runner.REFUSED
    assert "not a run directory" in answer.stderr


class ResourceExhaustedError(Exception):
    """Named as TensorFlow names it, for running out of either disk or memory."""


class UnimplementedError(Exception):
    pass


class DataLossError(Exception):
    """Named as TensorFlow names it."""


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "disk_full"),
        (ResourceExhaustedError("ckpt-5.data; No space left on device"), "disk_full"),
        (ResourceExhaustedError("OOM when allocating tensor"), "out_of_memory"),
        (MemoryError(), "out_of_memory"),
        (OSError(errno.EDQUOT, "over"), "disk_full"),
        (ResourceExhaustedError("ckpt-5.data; File too large"), "disk_full"),
        (DataLossError("corrupted record at 12"), "records_damaged"),
        (UnimplementedError("No deterministic GPU implementation of CropAndResize"), "not_repeatable"),
        (PermissionError(errno.EACCES, "Permission denied", "/runs/1/best"), "not_permitted"),
    ],
)
def test_a_full_disk_or_memory_is_explained(error, code):
    known = explain(error)
    assert known is not None
    assert known.code == code


def test_other_errors_stay_crashes():
    assert explain(KeyError("x")) is None
    assert explain(OSError(errno.EACCES, "no")) is None


def test_stop_asks_and_then_kills(tmp_path):
    stubborn = (
        "import signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", stubborn], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    )
    assert process.stdout is not None
    process.stdout.readline()
    assert runner.stop(process, grace=0.05) == -9
    assert runner.stop(process) == -9


def test_log_is_appended(tmp_path):
    run_dir = make_run(tmp_path, request={"format": 9})
    (run_dir / "log.txt").write_text("before\n")
    assert engine(run_dir) == runner.REFUSED
    assert (run_dir / "log.txt").read_text().startswith("before\n")
    assert json.loads((run_dir / "run.json").read_text()) == {"format": 9}


def test_events_on_a_full_disk_still_end_with_the_right_code(tmp_path):
    run_dir = make_run(tmp_path)
    (run_dir / "events.jsonl").symlink_to("/dev/full")
    assert engine(run_dir) == runner.REFUSED
    log = (run_dir / "log.txt").read_text()
    assert "The disk is full; free some space" in log
    assert log.count("Traceback") <= 1


def test_events_that_cannot_be_written_at_all(tmp_path):
    run_dir = make_run(tmp_path)
    (run_dir / "events.jsonl").mkdir()
    assert engine(run_dir) == runner.REFUSED
    assert "events.jsonl cannot be written (Is a directory)" in (run_dir / "log.txt").read_text()


def test_a_file_that_is_a_folder(tmp_path):
    """run.json is a folder."""
    run_dir = make_run(tmp_path / "folder")
    (run_dir / "run.json").unlink()
    (run_dir / "run.json").mkdir()
    assert engine(run_dir) == runner.REFUSED
    assert "run.json cannot be read" in events(run_dir, "error")[0]["message"]


def test_a_path_that_tensorflow_takes_as_a_pattern_is_refused(tmp_path):
    """It would write its checkpoints there and not find them again."""
    run_dir = make_run(tmp_path / "run [1]")
    assert engine(run_dir) == runner.REFUSED
    assert "holds [ ], which TensorFlow takes as a pattern" in events(run_dir, "error")[0]["message"]


@pytest.mark.parametrize(
    "content", ["[]", "3", "null", '{"model": 3}', '{"train": {"steps": "many"}}', '{"model": {}}x']
)
def test_any_run_json_ends_in_one_sentence(tmp_path, content):
    run_dir = make_run(tmp_path)
    (run_dir / "run.json").write_text(content)
    assert engine(run_dir) == runner.REFUSED
    assert [event["code"] for event in events(run_dir, "error")] == ["bad_request"]
