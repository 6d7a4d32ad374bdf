"""Checks that the parts of a request share."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, TypeVar

from training.engine.errors import EngineError

T = TypeVar("T")


def refuse(sentence: str) -> EngineError:
    return EngineError("bad_request", sentence)


def section(kind: type[T], name: str, value: dict[str, Any]) -> T:
    given = value.get(name, {})
    if not isinstance(given, dict):
        raise refuse(f"{name} in run.json must be a JSON object.")
    unknown = sorted(set(given) - {known.name for known in fields(kind)})  # type: ignore[arg-type]
    if unknown:
        raise refuse(f"run.json has an unknown setting {name}.{unknown[0]}; remove it or correct its name.")
    return kind(**given)


def check_range(name: str, value: Any, low: float, high: float, whole: bool = False) -> None:
    kinds = (int,) if whole else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds) or not low <= value <= high:
        kind = "a whole number" if whole else "a number"
        raise refuse(f"{name} is {value!r}; it must be {kind} from {low} to {high}.")
