"""What can be done about a run that could not save itself: one named mend for each cause, done by one button."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from training.config import TrainingSettings
from training.engine.failures import MEMORY
from training.engine.recovery import Recovery
from training.engine.rundir import RunDirectory
from training.models import Run

#: How often a run goes on by itself after its engine was killed; from the second time on with half the batch.
MOST_KILLS = 3

LEAST_RATE, LEAST_BATCH = 1e-6, 1


@dataclass(frozen=True)
class Mend:
    """A way out of a failure. `button` is what it is called, `why` what it rests on.

    `change` gives the settings to run again with; None for mends that change nothing of the run.
    """

    key: str
    button: str
    why: str
    change: Callable[[TrainingSettings], TrainingSettings] | None = None


def half_batch(settings: TrainingSettings) -> TrainingSettings:
    """Half the batch, and the learning rate in proportion (the linear scaling rule)."""
    batch = max(LEAST_BATCH, settings.batch_size // 2)
    rate = settings.learning_rate * batch / settings.batch_size
    return replace(settings, batch_size=batch, learning_rate=max(LEAST_RATE, rate))


def tenth_of_the_rate(settings: TrainingSettings) -> TrainingSettings:
    return replace(settings, learning_rate=max(LEAST_RATE, settings.learning_rate / 10))


HALF_BATCH = Mend(
    "half_batch",
    "Run again with half the batch",
    "The memory was full. The run halved its batch twice by itself; a new run starts with half of what was asked for.",
    half_batch,
)
TENTH_RATE = Mend(
    "tenth_rate",
    "Run again with a tenth of the learning rate",
    "The loss became infinite. The run went back to a good checkpoint once by itself, with a tenth of the rate.",
    tenth_of_the_rate,
)
MAKE_ROOM = Mend(
    "make_room",
    "Free disk space and go on",
    "Working files of older runs are removed, the oldest first; their models, exports and curves stay.",
)
GO_ON = Mend("resume", "Go on from the last checkpoint", "What was learnt until then is kept.")
START_AGAIN = Mend(
    "again", "Run again with the same settings", "The records are written anew from the version.", lambda s: s
)

#: By the engine's code of the error.
MENDS: Mapping[str, Mend] = {
    "out_of_memory": HALF_BATCH,
    "nan_loss": TENTH_RATE,
    "disk_full": MAKE_ROOM,
    "records_damaged": START_AGAIN,
    "records_unreadable": START_AGAIN,
    "killed": HALF_BATCH,
    "crash": GO_ON,
}
#: (words of the sentence, code) where the engine died without naming one.
WORDS = (
    ("was killed", "killed"),
    ("memory was full", "out_of_memory"),
    ("became infinite", "nan_loss"),
    ("disk is full", "disk_full"),
    ("record file is damaged", "records_damaged"),
)


def code_of(sentence: str) -> str:
    """The code that goes with one of the sentences of `training.failures`; "crash" for any other."""
    return next((code for words, code in WORDS if words in sentence), "crash")


def mend_for(run: Run) -> Mend | None:
    """The mend of a run that failed; None where only a person can tell what to change."""
    if run.state != "failed":
        return None
    mend = MENDS.get(run.error_code)
    return None if mend is TENTH_RATE and has_own_rate(run) else mend


def has_own_rate(run: Run) -> bool:
    """Whether somebody has written the learning rate into the pipeline.config, where no setting reaches it."""
    return any("learning_rate" in f"{path} {value}" for path, value in run.config.get("overrides", {}).items())


def mend_after_kill(run: Run, kills: int) -> None:
    """What is done before a killed engine is started again, the `kills`-th time; said in the run's history.

    The first kill may be anybody's. A second one is taken for the system's own, for lack of memory: half the batch and
    the learning rate in proportion, as the engine does when it can still say so.
    """
    directory = RunDirectory(run.directory)
    recovery = Recovery.load(directory)
    batch = recovery.batch_size or int(run.config["train"]["batch_size"])
    smaller = recovery.after(MEMORY, batch) if kills > 1 else None
    if smaller:
        smaller.save(directory)
    how = f" with batches of {smaller.batch_size} instead of {batch} images" if smaller else ""
    said = f"The training was killed near step {run.step:,}; going on from its last checkpoint{how} ({kills} of "
    run.note("mended", f"{said}{MOST_KILLS} times at most).")
