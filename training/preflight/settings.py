"""Settings that spoil a run although each of them is allowed."""

from __future__ import annotations

from collections.abc import Iterator

from sw_site.lib.errors import UserError
from training import presets
from training.config import TrainingSettings
from training.configs import imported
from training.engine.recipe import has_sides
from training.preflight.finding import BLOCK, FIX, WARN, Finding, Subject, named

#: How far a learning rate may be from the recipe for its batch: 0.08 at 16 images is the most that is known to work.
HIGH, LOW = 8.0, 1 / 30
SMALL_BATCH = 4
FEW_EVALUATIONS = 10


def check(subject: Subject) -> Iterator[Finding]:
    config = subject.config
    if config.is_custom:
        yield from check_imported(config)
    yield from check_rate(config)
    yield from check_batch(subject)
    yield from check_frozen(subject)
    yield from check_evaluations(config)
    if config.horizontal_flip and config.augmentation != "none" and has_sides(subject.manifest.classes.values()):
        yield Finding(
            WARN,
            "mirrored_sides",
            "A class is told from another by its side (left, right), and photos are mirrored at random, which would "
            "teach the wrong one. Switch mirroring off.",
        )


def check_imported(config: TrainingSettings) -> Iterator[Finding]:
    """What the engine says of a pipeline.config that was brought along: whatever it changes is said."""
    try:
        found = imported(config.imported)
    except UserError as error:
        yield Finding(BLOCK, "config_missing", error.message)
        return
    if found.refusal:
        yield Finding(BLOCK, "config_refused", f"The pipeline.config cannot be trained. {found.refusal}")
    elif not found.explanation:
        message = "The pipeline.config is still being read. Wait a moment, then start the run."
        yield Finding(BLOCK, "config_unread", message)
    else:
        changes = [change["field"] for change in found.explanation["changes"]]
        message = f"{len(changes)} settings of the pipeline.config are set anew ({named(changes)}); its page says why."
        yield Finding(FIX, "config_changed", message)


def check_rate(config: TrainingSettings) -> Iterator[Finding]:
    if config.is_custom:
        return
    recipe = presets.preset_of(config.architecture).learning_rate_for(config.batch_size)
    if config.learning_rate > HIGH * recipe:
        yield Finding(
            WARN,
            "learning_rate_high",
            f"A learning rate of {config.learning_rate:g} is {config.learning_rate / recipe:.0f} times the recipe for "
            f"a batch of {config.batch_size}, {recipe:g}; the loss will most likely become infinite. Leave it empty.",
        )
    elif config.learning_rate < LOW * recipe:
        yield Finding(
            WARN,
            "learning_rate_low",
            f"A learning rate of {config.learning_rate:g} is far below the recipe for a batch of {config.batch_size}, "
            f"{recipe:g}; next to nothing will be learnt. Leave it empty.",
        )


def check_batch(subject: Subject) -> Iterator[Finding]:
    batch, images = subject.config.batch_size, len(subject.manifest.split("train"))
    if images and batch > images:
        message = (
            f"A batch of {batch} holds each of the {images} training images several times. Take {images} or fewer."
        )
        yield Finding(WARN, "batch_larger_than_set", message)
    if batch < SMALL_BATCH and subject.base.kind in ("checkpoint", "zoo"):
        yield Finding(
            FIX,
            "batch_norm_frozen",
            f"Means and variances over {batch} images are mostly noise, so those of the start are kept.",
        )
    elif batch < SMALL_BATCH:
        yield Finding(
            WARN,
            "batch_small",
            f"Means and variances over {batch} images are mostly noise, and a network without a start has no others. "
            f"Take {SMALL_BATCH} or more.",
        )


def check_frozen(subject: Subject) -> Iterator[Finding]:
    kept, kind = subject.config.freeze, subject.base.kind
    if kept and kind == "none":
        message = "There is nothing to keep at first: the run starts from nothing. Choose a start, or keep nothing."
        yield Finding(BLOCK, "nothing_to_freeze", message)
    elif kept and kept != "backbone" and kind == "backbone":
        message = (
            "Only the backbone comes with this start; what else is kept at first has learnt nothing yet. Keep the "
            "backbone alone, or start from a detector."
        )
        yield Finding(WARN, "frozen_unlearnt", message)


def check_evaluations(config: TrainingSettings) -> Iterator[Finding]:
    evaluations = config.steps // presets.evaluate_every(config.steps)
    if evaluations < FEW_EVALUATIONS:
        yield Finding(
            WARN,
            "few_evaluations",
            f"So short a run is evaluated {'once' if evaluations == 1 else f'{evaluations} times'} only, so its best "
            "checkpoint is a coarse choice. It is good for trying out.",
        )
