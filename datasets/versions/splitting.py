"""Seeded, stratified splits: every class is spread over train, val and test in the shares asked for.

Iterative stratification (Sechidis, Tsoumakas and Vlahavas, 2011): images holding the rarest class are dealt first,
each to the split that lacks most of that class. Images of the same group always go to the same split.
"""

from __future__ import annotations

import random
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

SPLITS = ("train", "val", "test")
MOST_OF_USUAL = 10

Numbers = NDArray[np.int64]


class SplitItem(NamedTuple):
    """An image to be dealt: its id, its group (alone in it when None) and the class ids on it, one per box."""

    id: int
    labels: tuple[int, ...]
    group: Hashable = None


def stratified_split(items: Sequence[SplitItem], fractions: Sequence[float], seed: int) -> dict[int, str]:
    """Split name by image id. The same items, fractions and seed always give the same answer."""
    return {pk: SPLITS[split] for pk, split in _dealt(items, fractions, seed).items()}


def stratified_folds(items: Sequence[SplitItem], count: int, seed: int) -> dict[int, int]:
    """Fold (0 to count - 1) by image id: the same dealing, into equal shares."""
    return _dealt(items, [1 / count] * count, seed)


def _dealt(items: Sequence[SplitItem], fractions: Sequence[float], seed: int) -> dict[int, int]:
    items = sorted(items, key=lambda item: item.id)
    group_of = _groups(items)
    order = list(range(int(group_of.max(initial=-1)) + 1))
    random.Random(seed).shuffle(order)  # noqa: S311 - repeatable, not secret
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    group_of = place[group_of]
    share = _Dealer(_Amounts.of(items, group_of), np.bincount(group_of).tolist(), fractions).deal()
    return {item.id: share[group] for item, group in zip(items, group_of.tolist(), strict=True)}


def _groups(items: Iterable[SplitItem]) -> Numbers:
    """A group number for each item, counted in their order."""
    numbers: dict[Hashable, int] = {}
    keys = (("alone", item.id) if item.group is None else item.group for item in items)
    return np.fromiter((numbers.setdefault(key, len(numbers)) for key in keys), np.int64)


@dataclass(frozen=True)
class _Amounts:
    """Boxes of each class in each group: three arrays of n, by group, then class."""

    groups: Numbers
    labels: Numbers
    counts: Numbers

    @classmethod
    def of(cls, items: Sequence[SplitItem], group_of: Numbers) -> _Amounts:
        """An image counts for no more than ten usual ones: a single photo of a crowd would else be the whole share of
        its split, which then would get no other image."""
        labels = np.fromiter((label for item in items for label in item.labels), np.int64)
        images = np.repeat(np.arange(len(items)), [len(item.labels) for item in items])
        names, labels = np.unique(labels, return_inverse=True)
        images, labels, counts = _tally(images, labels, np.ones(len(labels), np.int64), len(names))
        for label in range(len(names)):
            mine = labels == label
            counts[mine] = np.minimum(counts[mine], int(MOST_OF_USUAL * np.median(counts[mine])))
        groups, labels, counts = _tally(group_of[images], labels, counts, len(names))
        return cls(groups, names[labels], counts)


def _tally(rows: Numbers, labels: Numbers, counts: Numbers, width: int) -> tuple[Numbers, Numbers, Numbers]:
    """(row, label, sum of its counts) of each pair there is, in order."""
    pairs, which = np.unique(rows * max(width, 1) + labels, return_inverse=True)
    sums = np.bincount(which, counts, len(pairs)).astype(np.int64)
    return pairs // max(width, 1), pairs % max(width, 1), sums


class _Dealer:
    def __init__(self, amounts: _Amounts, images: list[int], fractions: Sequence[float]) -> None:
        self.amounts, self.images, self.fractions = amounts, images, fractions
        self.starts = np.searchsorted(amounts.groups, np.arange(len(images) + 1)).tolist()
        self.labels, self.counts = amounts.labels.tolist(), amounts.counts.tolist()
        names, which = np.unique(amounts.labels, return_inverse=True)
        boxes = np.bincount(which, amounts.counts, len(names)).astype(np.int64).tolist()
        total = sum(images)
        self.wanted_images = [total * fraction for fraction in fractions]
        self.wanted = {
            label: [n * fraction for fraction in fractions] for label, n in zip(names.tolist(), boxes, strict=True)
        }
        self.rarest_first = [label for _, label in sorted(zip(boxes, names.tolist(), strict=True))]

    def deal(self) -> dict[int, int]:
        """Number of the split by group."""
        dealt: dict[int, int] = {}
        for label in [*self.rarest_first, None]:
            for group in self._holding(label):
                if group not in dealt:
                    dealt[group] = self._choose(label)
                    self._book(group, dealt[group])
        return dealt

    def _holding(self, label: int | None) -> list[int]:
        """Groups with the label, those with most of it first; for None those with no box at all."""
        if label is None:
            return [group for group in range(len(self.images)) if self.starts[group] == self.starts[group + 1]]
        mine = self.amounts.labels == label
        groups = self.amounts.groups[mine]
        return [int(group) for group in groups[np.argsort(-self.amounts.counts[mine], kind="stable")]]

    def _choose(self, label: int | None) -> int:
        """The split that lacks most of the label; ties go to the one that lacks most images."""
        lacking = self.wanted[label] if label is not None else self.wanted_images
        possible = [i for i, fraction in enumerate(self.fractions) if fraction > 0]
        return max(possible, key=lambda i: (round(lacking[i], 9), self.wanted_images[i]))

    def _book(self, group: int, split: int) -> None:
        self.wanted_images[split] -= self.images[group]
        for place in range(self.starts[group], self.starts[group + 1]):
            self.wanted[self.labels[place]][split] -= self.counts[place]
