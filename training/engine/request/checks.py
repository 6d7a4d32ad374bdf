"""Checks that the parts of a request share."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, TypeVar

from training.engine.errors import EngineError
from training.engine.fields import brief, clean

T = TypeVar("T")


def refuse(sentence: str) -> EngineError:
    return EngineError("bad_request", sentence)


def section(kind: type[T], name: str, value: dict[str, Any]) -> T:
    given = value.get(name, {})
    if not isinstance(given, dict):
        raise refuse(f"{name} in run.json must be a JSON object.")
    unknown = sorted(set(given) - {known.name for known in fields(kind)})  # type: ignore[arg-type]
    if unknown:
        setting = clean(f"{name}.{unknown[0]}")
        raise refuse(f"run.json has an unknown setting {setting}; remove it or correct its name.")
    for known in fields(kind):  # type: ignore[arg-type]
        if known.name in given:
            check_kind(f"{name}.{known.name}", given[known.name], str(known.type))
    return kind(**given)


def check_kind(name: str, value: Any, kind: str) -> None:
    """Refuses what is no text or list of texts where one is meant; numbers are checked with their range."""
    if kind == "str" and not isinstance(value, str):
        raise refuse(f"{name} is {brief(value)}; it must be a text.")
    is_list = isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)
    if kind == "tuple[str, ...]" and not is_list:
        raise refuse(f"{name} is {brief(value)}; it must be a list of texts.")


def check_overrides(value: Any) -> None:
    """Settings of pipeline.config by path; whether they exist is seen where the config is built."""
    if not isinstance(value, dict) or not all(isinstance(one, str) for pair in value.items() for one in pair):
        raise refuse('overrides in run.json must be texts by path, {"train_config.gradient_clipping_by_norm": "5"}.')


def check_range(name: str, value: Any, low: float, high: float, whole: bool = False) -> None:
    kinds = (int,) if whole else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds) or not low <= value <= high:
        kind = "a whole number" if whole else "a number"
        raise refuse(f"{name} is {brief(value)}; it must be {kind} from {low} to {high}.")
