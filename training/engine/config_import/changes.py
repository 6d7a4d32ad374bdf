"""A list of what an import changed and why. Needs `compat.apply()` first."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from google.protobuf import text_format
from google.protobuf.message import Message

LONGEST = 200


@dataclass(frozen=True)
class Change:
    """One setting that is not what it was; `before` and `after` are for reading, empty when there was nothing."""

    field: str
    before: str
    after: str
    reason: str


class Changes:
    """Sets values of messages and remembers those that differ from what was there."""

    def __init__(self) -> None:
        self.made: list[Change] = []

    def to_json(self) -> list[dict[str, str]]:
        return [asdict(change) for change in self.made]

    def note(self, field: str, before: Any, after: Any, reason: str) -> None:
        self.made.append(Change(field, shown(before), shown(after), reason))

    def set(self, message: Any, name: str, value: Any, where: str, reason: str) -> None:
        """Sets a scalar field; `where` is the path of the message for people, with or without a dot at its end."""
        before = getattr(message, name)
        if before == value and (not message.DESCRIPTOR.fields_by_name[name].has_presence or message.HasField(name)):
            return
        was_set = message.HasField(name)
        setattr(message, name, value)
        if before != value:
            self.note(f"{where}.{name}", before if was_set else f"{shown(before)} (by default)", value, reason)

    def clear(self, message: Any, name: str, where: str, reason: str) -> None:
        """Takes a field away if it is set."""
        if not is_set(message, name):
            return
        before = getattr(message, name)
        text = shown(before) if isinstance(before, Message) else shown_values(before)
        message.ClearField(name)
        self.note(f"{where}.{name}" if where else name, text, "", reason)


def is_set(message: Any, name: str) -> bool:
    field = message.DESCRIPTOR.fields_by_name[name]
    return bool(getattr(message, name)) if field.is_repeated else message.HasField(name)


def shown(value: Any) -> str:
    """A value in one line, cut where it gets long."""
    if isinstance(value, Message):
        value = text_format.MessageToString(value, as_one_line=True)
    elif isinstance(value, bool):
        value = "true" if value else "false"
    elif isinstance(value, float):
        value = f"{value:.6g}"
    text = str(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def shown_values(value: Any) -> str:
    many = hasattr(value, "append") or hasattr(value, "add")
    return ", ".join(shown(one) for one in value) if many else shown(value)
