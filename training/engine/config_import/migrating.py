"""Makes somebody's config fit a run: what the data or the engine decide is set, what cannot work here is taken out.

Needs `compat.apply()` first.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from training.engine.config_import import checking, migrating_model, migrating_train
from training.engine.config_import.changes import Change, Changes
from training.engine.config_import.reading import line_of, parse
from training.engine.config_import.source import refused, way_of_extractor
from training.engine.request import RunRequest


@dataclass(frozen=True)
class Context:
    """What the run knows that the config does not. `most_boxes` is the largest number of boxes on one image.

    With `own_rate` the config's learning rate is scaled to the run's batch; otherwise the request's is its peak.
    """

    classes: dict[int, str]
    request: RunRequest
    most_boxes: int
    own_rate: bool
    way: str


@dataclass(frozen=True)
class Migrated:
    """The config as it will be trained: the message, "tf2" or "tf1", and what was changed."""

    pipeline: Any
    path: str
    changes: tuple[Change, ...] = field(default_factory=tuple)


def migrate(
    text: str, classes: dict[int, str], request: RunRequest, most_boxes: int = 0, own_rate: bool = False
) -> Migrated:
    """Reads, checks and adapts a config.

    `classes` are names by id, `most_boxes` the largest number of boxes on one image; with `own_rate` the learning rate
    is the config's own, scaled to the batch. Paths of readers are left empty: they are the run directory's affair.
    Raises `EngineError` naming the line of what cannot be read or built.
    """
    pipeline, changes = parse(text), Changes()
    checking.check(pipeline, text)
    kind = pipeline.model.WhichOneof("model")
    way = way_of_extractor(getattr(pipeline.model, kind).feature_extractor.type)
    context = Context(classes, request, most_boxes, own_rate, way)
    migrating_model.migrate(pipeline.model, context, changes)
    migrating_train.migrate(pipeline, context, changes)
    refuse_placeholders(pipeline, text)
    return Migrated(pipeline, way, tuple(changes.made))


def refuse_placeholders(pipeline: Any, text: str) -> None:
    """Nothing a person was told to fill in may be left; everything that usually is has been filled in by now."""
    left = checking.PLACEHOLDER.search(str(pipeline))
    if left:
        line = line_of(text, left[0])
        raise refused(f"{line} still holds the placeholder {left[0]!r}; fill it in or remove the setting.")
