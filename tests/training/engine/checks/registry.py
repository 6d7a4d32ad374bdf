"""Checks that need TensorFlow, told apart from the tests that pytest itself runs."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.training.engine.builders import make_dataset
from training.engine.errors import EngineError

CHECKS: dict[str, Callable[[], None]] = {}


def check(function: Callable[[], None]) -> Callable[[], None]:
    CHECKS[function.__name__] = function
    return function


def refusal(function: Callable[[], object]) -> str:
    """The code a call was refused with."""
    try:
        function()
    except EngineError as error:
        return error.code
    raise AssertionError("nothing was refused")


def new_folder() -> Path:
    """An empty folder; all of them go with the process."""
    return Path(tempfile.mkdtemp())


def dataset_json() -> dict[str, Any]:
    return make_dataset(new_folder())
