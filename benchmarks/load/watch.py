"""What the processes of a site hold: memory and open files, by what they are for."""

from __future__ import annotations

from typing import Any

import numpy as np
import psutil

#: A word of the command line, and the name in the figures; the first that fits counts.
ROLES = {"training.engine": "engine", "--web-only": "web", " worker": "worker", "serve": "supervisor"}


def holding(root: int) -> dict[str, dict[str, float]]:
    """Resident megabytes without what is shared between processes counted twice (PSS), and open files, by role."""
    found: dict[str, dict[str, float]] = {}
    parent = psutil.Process(root)
    for process in [parent, *parent.children(recursive=True)]:
        try:
            line, memory = " ".join(process.cmdline()), process.memory_full_info().pss
            role = next((name for word, name in ROLES.items() if word in line), "other")
            own = found.setdefault(role, {"mb": 0.0, "files": 0.0, "processes": 0.0})
            own["mb"] += memory / 1e6
            own["files"] += process.num_fds()
            own["processes"] += 1
        except psutil.Error:
            continue
    return {role: {name: round(value, 1) for name, value in own.items()} for role, own in found.items()}


def fifths(samples: list[dict[str, Any]], role: str, name: str) -> list[float]:
    """The mean of each fifth of the time that the role was there, oldest first; empty with fewer than five samples.

    Five of them tell a slope from what comes and goes with large pages, which two alone do not.
    """
    values = [sample[role][name] for sample in samples if role in sample]
    return [round(float(part.mean()), 1) for part in np.array_split(values, 5)] if len(values) >= 5 else []


def growth(means: list[float]) -> float | None:
    """How much more the last fifth holds than the second, as a share; None where there are none.

    The first fifth is left out: caches fill, modules are loaded.
    """
    return round(means[-1] / means[1] - 1, 4) if means else None
