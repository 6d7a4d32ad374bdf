"""What the engine's log means in plain words."""

from __future__ import annotations

import signal

import pytest

from training.failures import explain_exit, log_tail


@pytest.mark.parametrize(
    ("log", "words"),
    [
        ("step 5 loss=nan", "tenth of the learning rate"),
        ("InvalidArgumentError: LossTensor is inf or nan", "blown up"),
        ("ResourceExhaustedError: OOM when allocating tensor", "half the batch size"),
        ("Unsuccessful TensorSliceReader constructor: Failed to find", "checkpoint to start from"),
        ("ValueError: Label map ids should be >= 1.", "numbers start at 1"),
        ("ValueError: shape (18,) not compatible with supplied shape (36,)", "another number of classes"),
        ("Groundtruth boxes and labels have incompatible shapes!", "boxes without classes"),
        ("Invalid JPEG data or crop window, data size 36864", "Health page"),
        ("DataLossError: corrupted record at 0", "damaged"),
        ("OSError: [Errno 28] No space left on device", "disk is full"),
        ("ImportError: cannot import name 'builder' from google.protobuf", "protobuf"),
        ("ModuleNotFoundError: No module named 'tensorflow'", "not installed"),
        ("AssertionError assert_existing_objects_matched", "does not fit the model"),
    ],
)
def test_known_lines_have_a_plain_message(log, words):
    assert words in explain_exit(1, f"some lines\n{log}\nmore lines")


@pytest.mark.parametrize("code", [-signal.SIGKILL, 137])
def test_a_kill_means_memory(code):
    assert "memory was full" in explain_exit(code, "")


def test_anything_else_names_the_exit_code():
    assert "exit code 42" in explain_exit(42, "nothing known")


def test_log_tail_is_whole_lines_from_the_end(tmp_path):
    log = tmp_path / "log.txt"
    log.write_bytes(b"".join(b"line %d\n" % n for n in range(100)) + b"\xff broken")
    tail = log_tail(log, limit=50)
    assert tail.startswith("line ") and tail.endswith("line 99\n\ufffd broken")
    assert len(tail.encode("utf-8", "replace")) <= 52


def test_log_tail_of_a_short_or_absent_file(tmp_path):
    assert log_tail(tmp_path / "none.txt") == ""
    (tmp_path / "log.txt").write_text("all of it")
    assert log_tail(tmp_path / "log.txt") == "all of it"
