"""One setting of a message, by its path: found, read as text, put in the place of what is there."""

from __future__ import annotations

import difflib
import re
from typing import Any

from google.protobuf import text_format
from google.protobuf.message import Message

from training.engine.errors import EngineError

STEP = re.compile(r"(\w+)(?:\[(\d{1,4})\])?")
#: What protobuf puts before the problem itself: the place in the one line it was given, and that line.
POSITION = re.compile(r"^\d+:\d+ : (?:'.*?': )?")
QUOTES = ('"', "'", "[")


def refused(sentence: str) -> EngineError:
    return EngineError("bad_override", sentence)


def put(message: Any, path: str, value: str) -> None:
    """Puts a value (protobuf text, empty for none) in the place of the setting. `EngineError` names what is wrong."""
    *way, last = steps_of(path)
    for name, index in way:
        message = inside(message, name, index, path)
    name, index = last
    field = field_of(message, name, path)
    if index is not None:
        put_item(getattr(message, name), index, read(message, field, value, path), path, value)
    elif value.strip():
        found = read(message, field, value, path)
        message.ClearField(name)
        message.MergeFrom(found)
    else:
        message.ClearField(name)


def steps_of(path: str) -> list[tuple[str, int | None]]:
    """[("train_config", None), ("data_augmentation_options", 1)] of "train_config.data_augmentation_options[1]"."""
    found = [STEP.fullmatch(step) for step in path.strip().split(".")]
    if not all(found):
        raise refused(f"{path!r} is no path of a setting; write it like train_config.gradient_clipping_by_norm.")
    return [(one[1], int(one[2]) if one[2] else None) for one in found if one]


def inside(message: Any, name: str, index: int | None, path: str) -> Any:
    """The message below this one; it is there once something is put into it."""
    field = field_of(message, name, path)
    if field.message_type is None:
        raise refused(f"{path} goes on behind {name}, which is a single value; leave out what comes after it.")
    if not field.is_repeated:
        return getattr(message, name)
    if index is None:
        raise refused(f"{name} in {path} is a list; say which of it is meant, such as {name}[0].")
    check_index(getattr(message, name), index, name, path)
    return getattr(message, name)[index]


def field_of(message: Any, name: str, path: str) -> Any:
    fields = message.DESCRIPTOR.fields_by_name
    if name in fields:
        return fields[name]
    near = difflib.get_close_matches(name, fields, 1)
    remedy = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(sorted(fields)[:12])}."
    raise refused(f"{path} names {name!r}, which does not exist in {message.DESCRIPTOR.name}; {remedy}")


def read(message: Any, field: Any, value: str, path: str) -> Any:
    """A message of the same kind in which nothing but this field is set, as the text says."""
    text = value.strip()
    if field.type == field.TYPE_STRING and not text.startswith(QUOTES):
        text = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    found = type(message)()
    try:
        text_format.Parse(f"{field.name}: {text}", found)
    except text_format.ParseError as error:
        problem = POSITION.sub("", str(error)).replace("object_detection.protos.", "").rstrip(".")
        raise refused(f"{path} cannot be {brief(text)} ({problem}); correct the value.") from error
    if {one.name for one, _ in found.ListFields()} - {field.name}:
        raise refused(f"{path} is given more than its own value; set each setting by itself.")
    return found


def put_item(items: Any, index: int, found: Any, path: str, value: str) -> None:
    """Replaces one element of a list; an empty value takes it out."""
    check_index(items, index, path.rsplit(".", 1)[-1], path)
    if not value.strip():
        del items[index]
        return
    ((_, new),) = found.ListFields()
    if isinstance(new[0], Message):
        items[index].CopyFrom(new[0])
    else:
        items[index] = new[0]


def check_index(items: Any, index: int, name: str, path: str) -> None:
    if index >= len(items):
        raise refused(f"{path}: {name.split('[')[0]} has {len(items)} elements, counted from 0.")


def written(message: Any, field: Any) -> str:
    """A set field as protobuf text in one line, in brackets where it is a list."""
    value = getattr(message, field.name)
    if not field.is_repeated:
        return one_written(field, value)
    return f"[{', '.join(one_written(field, one) for one in value)}]"


def one_written(field: Any, value: Any) -> str:
    out = text_format.TextWriter(False)
    text_format.PrintFieldValue(field, value, out, as_one_line=True)
    return str(out.getvalue()).strip()


def brief(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "…"
