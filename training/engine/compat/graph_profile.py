"""The exporter prints a profile of each graph with `tensorflow.contrib.tfprof`, which is gone: a NameError.

The profile only goes to the log, so it is left out.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

from training.engine.compat.import_hooks import after_import

MODULE = "object_detection.exporter"


def without_profile(module: ModuleType) -> None:
    def profile_inference_graph(graph: Any) -> None:
        """Nothing is left that could print one."""

    module.profile_inference_graph = profile_inference_graph  # type: ignore[attr-defined]


def install() -> None:
    after_import(MODULE, without_profile)
