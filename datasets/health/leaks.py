"""Near duplicates that stand in different splits of the newest version: what makes a model look better than it is."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from datasets.models import Dataset, Image
from datasets.versions.manifest import ManifestError
from datasets.versions.shots import grouped

EXAMPLES = 6
AT_ONCE = 5000
#: Comparing takes time with the square of the number; above this it is left to the job of the Duplicates tab.
COMPARED_HERE = 4000


def leaks_of(dataset: Dataset) -> dict[str, Any] | None:
    """Groups of one shot that span splits; None without a version. Images not fingerprinted yet are not compared."""
    version = dataset.versions.select_related("dataset").order_by("-number").first()
    if version is None:
        return None
    try:
        splits = version.manifest().splits()
    except ManifestError:
        return None
    compared, groups = _compare(list(splits)) if len(splits) <= COMPARED_HERE else _pairs(dataset, splits)
    leaking = [ids for ids in groups if len({splits[pk] for pk in ids}) > 1]
    return {
        "version": version.number,
        "compared": compared,
        "groups": len(leaking),
        "images": len({pk for ids in leaking for pk in ids}),
        "examples": [[{"id": pk, "split": splits[pk]} for pk in _one_each(ids, splits)] for ids in leaking[:EXAMPLES]],
    }


def _compare(ids: list[int]) -> tuple[int, list[list[int]]]:
    """(images compared, groups of images of one shot), worked out now."""
    prints = _fingerprints(ids)
    groups: dict[int, list[int]] = defaultdict(list)
    for pk, group in grouped(prints, ids).items():
        groups[group].append(pk)
    return len(prints), list(groups.values())


def _pairs(dataset: Dataset, splits: dict[int, str]) -> tuple[int, list[list[int]]]:
    """The same from the pairs that were found in the background."""
    pairs = [
        list(pair) for pair in dataset.pairs.order_by().values_list("first", "second") if set(pair) <= splits.keys()
    ]
    return len({pk for pair in pairs for pk in pair}), pairs


def _one_each(ids: list[int], splits: dict[int, str]) -> list[int]:
    """One image of each split the group is in."""
    return list({splits[pk]: pk for pk in reversed(ids)}.values())[::-1]


def _fingerprints(ids: list[int]) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    for start in range(0, len(ids), AT_ONCE):
        rows = Image.objects.filter(pk__in=ids[start : start + AT_ONCE]).exclude(fingerprint=None).order_by("pk")
        found |= {pk: bytes(value) for pk, value in rows.values_list("pk", "fingerprint") if value}
    return found
