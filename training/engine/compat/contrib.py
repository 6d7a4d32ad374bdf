"""Modules of `tensorflow.contrib`, which ended with TensorFlow 1, put where the API of those days imports them."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

ROOT = "tensorflow.contrib"


def provide(name: str, **members: Any) -> None:
    """Makes `tensorflow.contrib.<name>` importable with these members; packages above it are made as needed."""
    parts = name.split(".")
    parent = package(ROOT)
    for depth in range(1, len(parts) + 1):
        child = package(".".join([ROOT, *parts[:depth]]))
        setattr(parent, parts[depth - 1], child)
        parent = child
    vars(parent).update(members)


def package(full_name: str) -> ModuleType:
    if full_name not in sys.modules:
        module = ModuleType(full_name)
        module.__path__ = []
        sys.modules[full_name] = module
    return sys.modules[full_name]
