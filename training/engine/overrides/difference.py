"""In which settings two pipelines differ, setting by setting."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from training.engine.overrides.values import written


def difference(before: Any, after: Any) -> dict[str, str]:
    """The overrides that make `after` of `before`: value by path, empty for what is not there any more."""
    return dict(differing(before, after, ""))


def differing(before: Any, after: Any, where: str) -> Iterator[tuple[str, str]]:
    for field in before.DESCRIPTOR.fields:
        path = where + field.name
        if field.is_repeated:
            yield from lists(before, after, field, path)
        elif field.message_type is not None:
            yield from messages(before, after, field, path)
        elif before.HasField(field.name) != after.HasField(field.name) or value_differs(before, after, field):
            yield path, written(after, field) if after.HasField(field.name) else ""


def value_differs(before: Any, after: Any, field: Any) -> bool:
    return bool(getattr(before, field.name) != getattr(after, field.name))


def messages(before: Any, after: Any, field: Any, path: str) -> Iterator[tuple[str, str]]:
    had, has = before.HasField(field.name), after.HasField(field.name)
    if had and has:
        yield from differing(getattr(before, field.name), getattr(after, field.name), f"{path}.")
    elif has:
        yield path, written(after, field)
    elif had and not (field.containing_oneof and after.WhichOneof(field.containing_oneof.name)):
        yield path, ""  # of a choice, what is chosen instead says it


def lists(before: Any, after: Any, field: Any, path: str) -> Iterator[tuple[str, str]]:
    """Element by element where the same kinds of things stand in the same places, else the whole list."""
    old, new = getattr(before, field.name), getattr(after, field.name)
    if list(old) == list(new):
        return
    if field.message_type is None or [names(one) for one in old] != [names(one) for one in new]:
        yield path, written(after, field) if len(new) else ""
        return
    for place, (one, other) in enumerate(zip(old, new, strict=True)):
        yield from differing(one, other, f"{path}[{place}].")


def names(message: Any) -> list[str]:
    return [field.name for field, _ in message.ListFields()]


def settings_of(message: Any, where: str = "") -> dict[str, str]:
    """Everything that a part of a pipeline sets, as overrides; lists as a whole."""
    found: dict[str, str] = {}
    for field, value in message.ListFields():
        path = where + field.name
        if field.message_type is not None and not field.is_repeated and value.ListFields():
            found |= settings_of(value, f"{path}.")
        else:
            found[path] = written(message, field)
    return found
