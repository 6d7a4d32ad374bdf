"""Overrides put into a pipeline, and the result looked at as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf import text_format

from training.engine.config_import import checking
from training.engine.overrides.difference import difference
from training.engine.overrides.fixed import check_schedule, refuse_fixed
from training.engine.overrides.values import put


def apply(pipeline: Any, overrides: Mapping[str, str], custom: bool = False) -> None:
    """Puts the values into the pipeline; `custom` says that its network is that of a brought config.

    Raises `EngineError` for a path that does not exist, a value that cannot be read, a setting that follows from
    something else, and for a whole that cannot be built.
    """
    if not overrides:
        return
    derived = type(pipeline)()
    derived.CopyFrom(pipeline)
    for path, value in overrides.items():
        put(pipeline, path, value)
    refuse_fixed(list(difference(derived, pipeline)), custom)
    checking.check(pipeline, text_format.MessageToString(pipeline))
    check_schedule(pipeline)
