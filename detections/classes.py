"""A model's classes and a version's classes, brought together by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sw_site.lib.errors import UserError


@dataclass(frozen=True)
class ClassMatch:
    """`to_version` maps the model's label map ids to the version's; names that one side alone knows are listed."""

    to_version: dict[int, int]
    only_model: tuple[str, ...]
    only_version: tuple[str, ...]


def match_classes(model: Mapping[int, str], version: Mapping[int, str]) -> ClassMatch:
    """Match label maps (id -> name) by name. Raises UserError `classes_differ` when no name is in both."""
    ids = {name: number for number, name in version.items()}
    to_version = {number: ids[name] for number, name in model.items() if name in ids}
    if not to_version:
        raise UserError(
            "classes_differ",
            f"The model knows {listed(model.values())}, the version has {listed(version.values())}: no class is in "
            "both, so there is nothing to compare. Choose a version with the model's classes.",
        )
    return ClassMatch(
        to_version=to_version,
        only_model=tuple(name for name in model.values() if name not in ids),
        only_version=tuple(name for name in version.values() if name not in model.values()),
    )


def listed(names: object) -> str:
    """ "BB-8, R2-D2 and 3 more" — at most five names."""
    words = [str(name) for name in names]  # type: ignore[attr-defined]
    if not words:
        return "no classes"
    return ", ".join(words[:5]) + (f" and {len(words) - 5} more" if len(words) > 5 else "")
