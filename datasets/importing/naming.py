"""Class names that look like slips of each other: bb8 and BB-8, r2-d2 and r2d2, "cat " and Cat."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


def squeezed(name: str) -> str:
    """What is left of a name without case, blanks and punctuation: "BB-8" and "bb8" are the same."""
    return re.sub(r"[\W_]+", "", name.casefold())


@dataclass(frozen=True)
class NameProposal:
    """A class name of the files, how often it stands there, the class proposed for it, and why.

    `sure` proposals differ in case, blanks and punctuation only (or are the same); others want a look.
    """

    name: str
    boxes: int
    target: str
    why: str
    sure: bool = True


def propose(
    counts: Mapping[str, int], classes: Sequence[str], aliases: Mapping[str, str], mapping: Mapping[str, str]
) -> list[NameProposal]:
    """A class for each name, most frequent first.

    `classes` are names of the dataset and of the label map that came along; `aliases` other names of them.
    Of several new names that are the same but for spelling, the most frequent stands for all.
    """
    proposals: list[NameProposal] = []
    chosen = {squeezed(name): name for name in reversed(classes)}
    for name, boxes in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        if name in mapping:
            proposals.append(NameProposal(name, boxes, mapping[name], "as you said"))
        elif name in classes:
            proposals.append(NameProposal(name, boxes, name, "a class of this dataset or its label map"))
        elif name in aliases:
            proposals.append(NameProposal(name, boxes, aliases[name], "mapped so before"))
        elif squeezed(name) in chosen and squeezed(name):
            target = chosen[squeezed(name)]
            proposals.append(NameProposal(name, boxes, target, f"the same as {target} but for spelling"))
        else:
            proposals.append(_new(name, boxes, [*classes, *(p.target for p in proposals)]))
            chosen.setdefault(squeezed(name), name)
    return proposals


def _new(name: str, boxes: int, known: Sequence[str]) -> NameProposal:
    """A new class; a name one letter away from a known one is pointed at, not mapped."""
    near = difflib.get_close_matches(name.casefold(), [k.casefold() for k in known], n=1, cutoff=0.8)
    if near and len(squeezed(name)) > 3 and re.sub(r"\d", "", near[0]) != re.sub(r"\d", "", name.casefold()):
        like = next(k for k in known if k.casefold() == near[0])
        return NameProposal(name, boxes, name, f"new; very like {like}. A slip?", sure=False)
    return NameProposal(name, boxes, name, "new")
