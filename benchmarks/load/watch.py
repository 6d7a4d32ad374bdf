"""What the processes of a site hold: memory and open files, by what they are for."""

from __future__ import annotations

from typing import Any

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


def growth(samples: list[dict[str, Any]], role: str, name: str) -> float | None:
    """How much more the last fifth of the samples holds than the second fifth, as a share; None where it was not there.

    The first fifth is left out: caches fill, modules are loaded.
    """
    values = [sample[role][name] for sample in samples if role in sample]
    fifth = len(values) // 5
    if not fifth:
        return None
    early, late = (sum(part) / fifth for part in (values[fifth : 2 * fifth], values[-fifth:]))
    return round(late / early - 1, 4)
