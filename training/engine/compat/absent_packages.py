"""Stands in for two packages the API imports at start-up but this project never uses.

`lvis` (the LVISMask metric; its package pulls OpenCV) and `tensorflow_io` (one colour conversion in DeepMAC; its binary
does not fit TensorFlow 2.20). An installed package is left alone; using a stand-in fails with its name.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from types import ModuleType
from typing import Any

NAMES = {
    "lvis": (),
    "lvis.lvis": ("LVIS",),
    "lvis.eval": ("LVISEval",),
    "lvis.results": ("LVISResults",),
    "tensorflow_io": ("experimental",),
}


def stand_in(package: str, name: str) -> type:
    def refuse(self: Any, *args: Any, **kwargs: Any) -> None:
        raise ModuleNotFoundError(f"{package}.{name} was called, but the package {package} is not installed")

    return type(name, (), {"__init__": refuse})


def install() -> None:
    absent = {package for package in ("lvis", "tensorflow_io") if find_spec(package) is None}
    for full_name, classes in NAMES.items():
        package, _, child = full_name.partition(".")
        if package not in absent:
            continue
        module = ModuleType(full_name)
        for name in classes:
            setattr(module, name, stand_in(package, name))
        sys.modules[full_name] = module
        if child:
            setattr(sys.modules[package], child, module)
