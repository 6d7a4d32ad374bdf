"""Errors that strike anywhere and have a remedy, recognised without importing TensorFlow."""

from __future__ import annotations

import errno
import os

from training.engine.errors import EngineError

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # the last: larger than this user's files may be
LOCKED = (errno.EACCES, errno.EPERM, errno.EROFS)
NAN, MEMORY = "nan_loss", "out_of_memory"


def explain(error: BaseException) -> EngineError | None:
    """The sentence for an error that a full disk or a full memory causes wherever it strikes; None for any other."""
    if isinstance(error, EngineError):
        return error
    text = str(error)
    if getattr(error, "errno", None) in FULL or any(os.strerror(number) in text for number in FULL):
        return EngineError(
            "disk_full",
            "The disk is full; free some space and start the run again, it goes on from its last checkpoint.",
        )
    if isinstance(error, OSError) and error.errno in LOCKED and error.filename:
        sentence = f"{error.filename} cannot be read or written ({error.strerror}); give this user the right to it."
        return EngineError("not_permitted", sentence)
    if type(error).__name__ == "DataLossError" and "record" in text:
        return EngineError(
            "records_damaged",
            "A record file of this run is damaged; start the run again, the records are then written anew.",
        )
    if type(error).__name__ == "UnimplementedError" and "determinis" in text.lower():
        return EngineError(
            "not_repeatable",
            "This network has no exactly repeatable way to compute on a GPU; set deterministic to automatic.",
        )
    if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
        return EngineError(MEMORY, "The memory is full; start the run again with half the batch size.")
    return None
