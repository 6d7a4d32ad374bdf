"""Writing a trained model in other formats; only what answers like the checkpoint is kept.

Every format is read back from disk by the program that travels with it and asked about images of the test split, before
its folder takes the place of an earlier one. Needs `compat.apply()` first.
"""

from __future__ import annotations

import os
import shutil
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tensorflow as tf

from training.engine.errors import EngineError
from training.engine.exports.bundle import describe
from training.engine.exports.comparison import Comparison, compare
from training.engine.exports.formats import FORMATS, Format, Limits
from training.engine.exports.reference import Ask, Reference
from training.engine.exports.subject import Subject

__all__ = ["Exported", "Subject", "export"]

LEARNT_AP = 0.1
#: On fewer objects a model that knows nothing may have an AP above that, by one lucky box.
ENOUGH_OBJECTS, LEARNT_AP_OF_FEW = 20, 0.5


@dataclass(frozen=True)
class Exported:
    """A finished export: its folder's main file and how far it is from its checkpoint.

    `ap` and `checkpoint_ap` are measured on the same images, those of `split`; None where there is nothing to measure.
    """

    format: str
    path: Path
    comparison: Comparison
    ap: float | None
    checkpoint_ap: float | None
    split: str
    seconds: float


def export(
    subject: Subject,
    kinds: Sequence[str],
    folder_of: Callable[[str], Path],
    report: Callable[[str], None] = lambda kind: None,
) -> Iterator[Exported]:
    """Writes the formats one by one to the folder of each, replacing what was there.

    Model, graph and the checkpoint's answers are shared. `report` is called with the name of each format before it is
    begun. A format that fails leaves an earlier export of it alone and does not keep the others from being written;
    `EngineError` then tells at the end what failed and why.
    """
    # On a GPU, TensorFloat-32 would make the checkpoint itself differ from any other runtime in the third digit.
    tf.config.experimental.enable_tensor_float_32_execution(False)
    reference = Reference(subject)
    failures: list[EngineError] = []
    for kind in kinds:
        report(kind)
        try:
            yield export_one(subject, reference, FORMATS[kind], folder_of(kind))
        except EngineError as error:
            failures.append(error)
    if failures:
        raise EngineError(failures[0].code, " ".join(failure.sentence for failure in failures))


def export_one(subject: Subject, reference: Reference, chosen: Format, folder: Path) -> Exported:
    started = time.monotonic()
    with whole_folder(folder) as part:
        about, ask = written_and_loaded(subject, chosen, part)
        figures = reference.score(lambda image: ask(image.pixels))
        found = compare(reference.compared, ask, subject.window)
        limits = limits_for(chosen.limits, subject.family, reference.figures.ap)
        if problems := limits.broken(found, fall_of_ap(reference, figures.ap)):
            raise EngineError(
                "export_mismatch",
                f"The {chosen.title} export does not answer like its checkpoint ({'; '.join(problems)}); it was not "
                "kept. Choose another format, or report this with the run's log.",
            )
        describe(part, subject, reference, chosen, about, found, figures)
    seconds = time.monotonic() - started
    return Exported(
        chosen.name, folder / chosen.file, found, figures.ap, reference.figures.ap, reference.split, seconds
    )


def limits_for(limits: Limits, family: str, ap: float | None) -> Limits:
    """What the export of a checkpoint with this AP may lose.

    The first stage of two scores hundreds of proposals alike before it has learnt, and rounding decides which of them
    the second stage sees: then only the scores, best to worst, can be compared.
    """
    if family != "faster_rcnn" or (ap is not None and ap >= LEARNT_AP):
        return limits
    return Limits(rank_difference=limits.rank_difference)


def fall_of_ap(reference: Reference, after: float | None) -> float | None:
    """How much AP an export lost; None when there is nothing to judge by.

    A model that has hardly learnt gives hundreds of boxes nearly the same score, and rounding in the last digit decides
    which of them come first: its AP says nothing about the export.
    """
    before = reference.figures.ap
    learnt = LEARNT_AP if reference.objects >= ENOUGH_OBJECTS else LEARNT_AP_OF_FEW
    return None if before is None or after is None or before < learnt else before - after


def written_and_loaded(subject: Subject, chosen: Format, folder: Path) -> tuple[dict[str, Any], Ask]:
    """The beginning of model.json, and the format read back.

    Whatever a converter or a runtime fails with becomes an `EngineError`, so that the other formats go on.
    """
    try:
        about = {"format": 1, "kind": chosen.name, "file": chosen.file, **chosen.write(subject, folder)}
        return about, chosen.load(folder, about)
    except (EngineError, OSError, MemoryError, tf.errors.ResourceExhaustedError):
        raise
    except Exception as error:
        traceback.print_exc()
        says = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise EngineError(
            "export_failed",
            f"The model could not be converted to {chosen.title}: {says[:200]}. Choose another format; the log has the "
            "whole message.",
        ) from error


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Yields `<folder>.part` to fill; it takes the folder's place on success and is removed on any failure."""
    part, old = (folder.with_name(f"{folder.name}.{end}") for end in ("part", "old"))
    for left_over in (part, old):
        shutil.rmtree(left_over, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        yield part
        if folder.exists():
            os.replace(folder, old)
        os.replace(part, folder)
    finally:
        for left_over in (part, old):
            shutil.rmtree(left_over, ignore_errors=True)
