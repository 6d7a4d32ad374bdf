"""Errors that strike anywhere and have a remedy, recognised without importing TensorFlow."""

from __future__ import annotations

import errno

from training.engine.errors import EngineError

NAN, MEMORY = "nan_loss", "out_of_memory"


def explain(error: BaseException) -> EngineError | None:
    """The sentence for an error that a full disk or a full memory causes wherever it strikes; None for any other."""
    if isinstance(error, EngineError):
        return error
    text = str(error)
    if getattr(error, "errno", None) == errno.ENOSPC or "No space left on device" in text:
        return EngineError(
            "disk_full",
            "The disk is full; free some space and start the run again, it goes on from its last checkpoint.",
        )
    if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
        return EngineError(MEMORY, "The memory is full; start the run again with half the batch size.")
    return None
