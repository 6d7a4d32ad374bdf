"""What a run changes about itself when it has gone wrong: learning rate, clipping, batch size.

Kept in RUN_DIR/recovery.json, so that a run which is killed and started again does not walk into the same wall.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from training.engine.failures import MEMORY, NAN
from training.engine.rundir import RunDirectory, read_json, write_json

NAN_RETRIES, MEMORY_RETRIES = 1, 2
NAN_RATE, NAN_CLIP = 0.1, 10.0


@dataclass(frozen=True)
class Recovery:
    """`rate_scale` multiplies the learning rate; None for the other two means "as the run asked for"."""

    rate_scale: float = 1.0
    batch_size: int | None = None
    gradient_clip: float | None = None
    after_nan: int = 0
    after_memory: int = 0

    def after(self, code: str, batch_size: int) -> Recovery | None:
        """The next attempt after an error of this code with this batch size, None when there is none left.

        Loss not a number: a tenth of the learning rate, gradients clipped, once. Memory full: half the batch and, as
        the linear scaling rule has it, half the learning rate, twice.
        """
        if code == NAN and self.after_nan < NAN_RETRIES:
            return replace(
                self, rate_scale=self.rate_scale * NAN_RATE, gradient_clip=NAN_CLIP, after_nan=self.after_nan + 1
            )
        if code == MEMORY and self.after_memory < MEMORY_RETRIES and batch_size > 1:
            half = batch_size // 2
            scale = self.rate_scale * half / batch_size
            return replace(self, rate_scale=scale, batch_size=half, after_memory=self.after_memory + 1)
        return None

    def apply(self, pipeline: Any) -> None:
        """Puts batch size and clipping into a pipeline; the learning rate is scaled by the loop."""
        if self.batch_size is not None:
            pipeline.train_config.batch_size = self.batch_size
        if self.gradient_clip is not None:
            asked = pipeline.train_config.gradient_clipping_by_norm
            pipeline.train_config.gradient_clipping_by_norm = min(asked or self.gradient_clip, self.gradient_clip)

    @classmethod
    def load(cls, run: RunDirectory) -> Recovery:
        path = run.root / "recovery.json"
        return cls(**read_json(path)) if path.exists() else cls()

    def save(self, run: RunDirectory) -> None:
        write_json(run.root / "recovery.json", asdict(self))


def sentence(code: str, failed: int, step: int, recovery: Recovery, batch_size: int) -> str:
    """What happened at step `failed` and what is done about it from step `step` on."""
    where = f"going on from step {step}" if step else "starting again"
    if code == NAN:
        return f"The loss was no longer a number at step {failed}: {where} with a tenth of the learning rate."
    return (
        f"The memory was full at step {failed}: {where} with batches of {recovery.batch_size} instead of {batch_size} "
        "images and the learning rate in proportion."
    )
