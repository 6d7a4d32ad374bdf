"""The data.yaml of Ultralytics: class names, and which folders or lists make train, val and test."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import yaml

from datasets.formats.records import FormatError

CLASS_NUMBER = re.compile("[0-9]{1,5}")


@dataclass(frozen=True)
class DataYaml:
    """`names` in the order of their numbers; `places` are folders or lists (.txt) by split."""

    names: tuple[str, ...]
    places: dict[str, list[str]] = field(default_factory=dict)


MOST_BYTES = 1_000_000


def read_data_yaml(data: bytes) -> DataYaml:
    """Raises FormatError when the file is not YAML or lists no names."""
    if len(data) > MOST_BYTES:  # the reader takes a second for each
        said = f"This file has {len(data):,} bytes; a list of classes has {MOST_BYTES:,} at most."
        raise FormatError("yaml_does_not_parse", said)
    try:
        document = yaml.safe_load(data)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise FormatError(
            "yaml_does_not_parse", f"This is not well-formed YAML ({error}).".replace("\n", " ")
        ) from error
    names = document.get("names") if isinstance(document, dict) else None
    if not isinstance(names, list | dict) or not names:
        raise FormatError("yaml_without_names", "The file has no list of class names under “names”.")
    places = {split: _places(document.get(split)) for split in ("train", "val", "test")}
    return DataYaml(_ordered(names), {split: found for split, found in places.items() if found})


def _ordered(names: list[Any] | dict[Any, Any]) -> tuple[str, ...]:
    if isinstance(names, list):
        return tuple(str(name).strip() for name in names)
    numbered = {int(key): str(name).strip() for key, name in names.items() if CLASS_NUMBER.fullmatch(str(key))}
    return tuple(numbered.get(number, "") for number in range(max(numbered, default=-1) + 1))


def _places(value: Any) -> list[str]:
    found: Iterable[Any] = value if isinstance(value, list) else [value]
    return [_plain(place) for place in found if isinstance(place, str) and place.strip()]


def _plain(place: str) -> str:
    """Folders by name only: the file often says "../train/images" or a path on somebody else's computer."""
    return "/".join(
        part for part in place.replace("\\", "/").split("/") if part not in ("", ".", "..") and ":" not in part
    )


def write_data_yaml(names: Iterable[str], places: dict[str, str]) -> bytes:
    document = {"path": ".", **places, "names": dict(enumerate(names))}
    return yaml.safe_dump(document, allow_unicode=True, sort_keys=False).encode()
