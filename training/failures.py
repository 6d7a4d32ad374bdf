"""Plain words for what the engine's log says when it dies without explaining itself."""

from __future__ import annotations

import re
import signal
from pathlib import Path

LOG_TAIL_BYTES = 16_000

#: (pattern in the log, what to tell the person), the first match counts.
MESSAGES: tuple[tuple[str, str], ...] = (
    (
        r"loss=nan|LossTensor is inf or nan|Model diverged|loss is (nan|inf)",
        "The loss became infinite, so the training has blown up. Look for damaged or tiny boxes on the dataset's "
        "Health page, then start again with a tenth of the learning rate.",
    ),
    (
        r"ResourceExhausted|OOM when allocating|CUDA_ERROR_OUT_OF_MEMORY|MemoryError",
        "The memory was full. Run again with half the batch size, or a smaller input size.",
    ),
    (
        r"Unsuccessful TensorSliceReader constructor",
        "The checkpoint to start from is missing or incomplete. Start from another model, or from nothing.",
    ),
    (
        r"Label map ids should be >= 1",
        "A class has the number 0, which means background. Freeze the version again; numbers start at 1 there.",
    ),
    (
        r"not compatible with supplied shape|incompatible tensor with shape",
        "The start was made for another number of classes or another width. Start from another model, or from nothing.",
    ),
    (
        r"Groundtruth boxes and labels have incompatible shapes",
        "An image has boxes without classes, or the reverse. Freeze the version again and start from that one.",
    ),
    (
        r"Invalid JPEG data or crop window|DataLossError|corrupted record",
        "An image or a record file is damaged. Look at the dataset's Health page, then start the run again.",
    ),
    (
        r"No space left on device",
        "The server's disk is full. Free some space, then let the run go on from its last checkpoint.",
    ),
    (
        r"cannot import name 'builder'|cannot import name 'runtime_version'|Descriptors cannot be created directly",
        "The wrong protobuf package is installed on this machine. Install the versions of requirements.txt again.",
    ),
    (
        r"No module named '?(tensorflow|tf_keras|object_detection)",
        "The training engine is not installed on this machine. Install requirements.txt and requirements-nodeps.txt.",
    ),
    (
        r"assert_existing_objects_matched|Expected Operation, Variable, or Tensor",
        "The checkpoint does not fit the model it should be exported as. Export it on the machine that trained it.",
    ),
)
KILLED = (
    "The training was killed, most likely because the server's memory was full. Run again with a smaller batch or "
    "input size, or close what else needs memory."
)
UNKNOWN = (
    "The training stopped unexpectedly (exit code {code}). The log below says where. Let it go on once; if it stops "
    "again, send the log to whoever runs this site."
)


def explain_exit(code: int, log: str) -> str:
    """What to tell the person when a child ended with `code` (negative: a signal) and left this log."""
    for pattern, message in MESSAGES:
        if re.search(pattern, log):
            return message
    if code in (-signal.SIGKILL, 128 + signal.SIGKILL):
        return KILLED
    return UNKNOWN.format(code=code)


def log_tail(path: Path, limit: int = LOG_TAIL_BYTES) -> str:
    """The last whole lines of a log, at most `limit` bytes; empty when there is none."""
    try:
        with path.open("rb") as file:
            file.seek(0, 2)
            start = max(0, file.tell() - limit)
            file.seek(start)
            data = file.read()
    except OSError:
        return ""
    text = data.decode("utf-8", "replace")
    return text.partition("\n")[2] if start else text
