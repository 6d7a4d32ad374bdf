"""A filter in words: one chip for each part of it, with the filter that is left when the part is taken away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from datasets.browsing.filters import NO_SPLIT, GridFilter
from datasets.models import ReviewState

WORDS = {
    "small": "with a small box (under 32² pixels)",
    "medium": "with a medium box (32² to 96² pixels)",
    "large": "with a large box (over 96² pixels)",
    "difficult": "with a difficult box",
    "truncated": "with a truncated box",
    "occluded": "with an occluded box",
    "verified": "verified",
    "unverified": "not verified",
    "negative": "nothing here",
    "person": "with a box drawn by a person",
    "import": "with an imported box",
    "model": "with a box a model drew",
}


def chips(found: GridFilter, classes: Mapping[int, str], people: Mapping[int, str], views: Mapping[int, str]) -> Any:
    """[(words, query string without it)] of everything that is set, the order excepted."""
    said: list[tuple[str, GridFilter]] = []

    def add(name: str, words: str) -> None:
        if getattr(found, name) != getattr(GridFilter(), name):
            said.append((words, found.without(name)))

    add("state", ReviewState(found.state).label if found.state else "")
    add("class_id", f"class {classes.get(found.class_id or 0, 'that is gone')}")
    add("text", f"“{found.text}” in name or folder")
    add("min", f"at least {boxes(found.min)}")
    add("max", "no boxes" if found.max == 0 else f"at most {boxes(found.max)}")
    add("size", WORDS.get(found.size, ""))
    for flag in found.flag:
        said.append((WORDS[flag], replace(found, flag=tuple(name for name in found.flag if name != flag))))
    add("source", WORDS.get(found.source, ""))
    add("split", "came without a split" if found.split == NO_SPLIT else f"came as {found.split}")
    add("uploader", f"uploaded by {people.get(found.uploader or 0, 'somebody who is gone')}")
    add("assignee", f"assigned to {people.get(found.assignee or 0, 'somebody who is gone')}")
    add("defect", "damaged")
    add("alike", "looks like another")
    add("like", f"looks like photo {found.like}")
    add("view", f"view “{views.get(found.view or 0, 'that is gone')}”")
    return [(words, rest.query_string()) for words, rest in said]


def boxes(count: int | None) -> str:
    return "1 box" if count == 1 else f"{count} boxes"
