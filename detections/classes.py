"""A model's classes and a version's classes, brought together by name or as somebody said."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sw_site.lib.errors import UserError

#: A class of the model (id) to one of the version (id), or None: boxes of it are left out.
ClassMap = Mapping[int, int | None]


class ClassesDiffer(UserError):
    """The model has classes the version does not, and nobody has said yet what becomes of them."""


@dataclass(frozen=True)
class ClassMatch:
    """`to_version` maps the model's label map ids to the version's; names that one side alone knows are listed."""

    to_version: dict[int, int]
    only_model: tuple[str, ...]
    only_version: tuple[str, ...]


def match_classes(
    model: Mapping[int, str], version: Mapping[int, str], mapping: ClassMap | None = None, place: str = "version"
) -> ClassMatch:
    """Match label maps (id -> name): as `mapping` says, and by name where it says nothing.

    `place` is what has the other classes, for people: a version or a dataset.

    Raises ClassesDiffer when a class of the model has no namesake and `mapping` is None, and UserError when no class
    is left to compare.
    """
    ids = {name: number for number, name in version.items()}
    strangers = [name for name in model.values() if name not in ids]
    if strangers and mapping is None:
        raise ClassesDiffer(
            "classes_differ",
            f"The {place} has no class called {listed(strangers)}; it has {listed(version.values())}. Say first which "
            "of its classes each of these is, or that boxes of it are left out.",
        )
    said = mapping or {}
    targets = {number: said.get(number, ids.get(name)) for number, name in model.items()}
    to_version = {number: target for number, target in targets.items() if target in version and target is not None}
    if not to_version:
        raise UserError(
            "no_common_class",
            f"The model knows {listed(model.values())}, the {place} has {listed(version.values())}: no class is left "
            f"to compare. Choose a {place} with the model's classes, or say which class is which.",
        )
    return ClassMatch(
        to_version=to_version,
        only_model=tuple(name for number, name in model.items() if number not in to_version),
        only_version=tuple(name for number, name in version.items() if number not in to_version.values()),
    )


def mapping_from_names(
    model: Mapping[int, str], version: Mapping[int, str], names: Mapping[str, str | None], place: str = "version"
) -> dict[int, int | None]:
    """What a person wrote, "name of the model's class": "name of the version's class" (empty or None: leave out).

    Raises UserError `unknown_class` for a name that is not there.
    """
    mapping: dict[int, int | None] = {}
    for theirs, ours in names.items():
        number = find(model, theirs, "The model")
        mapping[number] = find(version, ours, f"The {place}") if ours else None
    return mapping


def find(classes: Mapping[int, str], wanted: str, owner: str) -> int:
    for number, name in classes.items():
        if name == wanted:
            return number
    raise UserError("unknown_class", f"{owner} has no class “{wanted}”. It has {listed(classes.values())}.")


def likely(name: str, version: Mapping[int, str]) -> int | None:
    """The class whose name is the same but for case, spaces and signs: "r2d2" for "R2-D2"."""
    plain = bare(name)
    return next((number for number, other in version.items() if plain and bare(other) == plain), None)


def bare(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).casefold()


def listed(names: Iterable[str]) -> str:
    """ "BB-8, R2-D2 and 3 more" — at most five names."""
    words = [str(name) for name in names]
    if not words:
        return "no classes"
    return ", ".join(words[:5]) + (f" and {len(words) - 5} more" if len(words) > 5 else "")
