"""Seeded, stratified splits: every class is spread over train, val and test in the shares asked for.

Iterative stratification (Sechidis, Tsoumakas and Vlahavas, 2011): images holding the rarest class are dealt first,
each to the split that lacks most of that class. Images of the same group always go to the same split.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from statistics import median

SPLITS = ("train", "val", "test")
MOST_OF_USUAL = 10


@dataclass(frozen=True)
class SplitItem:
    """An image to be dealt: its id, its group (alone in it when None) and the class ids on it, one per box."""

    id: int
    labels: tuple[int, ...]
    group: Hashable = None


def stratified_split(items: Sequence[SplitItem], fractions: Sequence[float], seed: int) -> dict[int, str]:
    """Split name by image id. The same items, fractions and seed always give the same answer."""
    groups = _grouped(sorted(items, key=lambda item: item.id))
    random.Random(seed).shuffle(groups)  # noqa: S311 - repeatable, not secret
    dealer = _Dealer(groups, fractions)
    return {item.id: SPLITS[split] for group, split in dealer.deal() for item in group}


def stratified_folds(items: Sequence[SplitItem], count: int, seed: int) -> dict[int, int]:
    """Fold (0 to count - 1) by image id: the same dealing, into equal shares."""
    groups = _grouped(sorted(items, key=lambda item: item.id))
    random.Random(seed).shuffle(groups)  # noqa: S311 - repeatable, not secret
    dealer = _Dealer(groups, [1 / count] * count)
    return {item.id: fold for group, fold in dealer.deal() for item in group}


def _grouped(items: list[SplitItem]) -> list[list[SplitItem]]:
    groups: dict[Hashable, list[SplitItem]] = defaultdict(list)
    for item in items:
        groups[item.group if item.group is not None else ("alone", item.id)].append(item)
    return list(groups.values())


def _weights(groups: list[list[SplitItem]]) -> list[Counter[int]]:
    """Boxes of each class in each group. An image counts for no more than ten usual ones: a single photo of a crowd
    would else be the whole share of its split, which then would get no other image."""
    images = [[Counter(item.labels) for item in group] for group in groups]
    counts: dict[int, list[int]] = defaultdict(list)
    for image in (image for group in images for image in group):
        for label, count in image.items():
            counts[label].append(count)
    most = {label: int(MOST_OF_USUAL * median(values)) for label, values in counts.items()}
    return [
        sum((Counter({label: min(n, most[label]) for label, n in image.items()}) for image in group), Counter())
        for group in images
    ]


class _Dealer:
    def __init__(self, groups: list[list[SplitItem]], fractions: Sequence[float]) -> None:
        self.groups = groups
        self.labels = _weights(groups)
        boxes: Counter[int] = sum(self.labels, Counter())
        images = sum(map(len, groups))
        self.fractions = fractions
        self.wanted_images = [images * fraction for fraction in fractions]
        self.wanted = {label: [n * fraction for fraction in fractions] for label, n in boxes.items()}
        self.rarest_first = sorted(boxes, key=lambda label: (boxes[label], label))

    def deal(self) -> list[tuple[list[SplitItem], int]]:
        dealt: dict[int, int] = {}
        for label in [*self.rarest_first, None]:
            for index in self._holding(label):
                if index not in dealt:
                    dealt[index] = self._choose(label)
                    self._book(index, dealt[index])
        return [(self.groups[index], split) for index, split in sorted(dealt.items())]

    def _holding(self, label: int | None) -> list[int]:
        """Groups with the label, those with most of it first; for None those with no box at all."""
        if label is None:
            return [i for i, counts in enumerate(self.labels) if not counts]
        holding = [i for i, counts in enumerate(self.labels) if label in counts]
        return sorted(holding, key=lambda i: -self.labels[i][label])

    def _choose(self, label: int | None) -> int:
        """The split that lacks most of the label; ties go to the one that lacks most images."""
        lacking = self.wanted[label] if label is not None else self.wanted_images
        possible = [i for i, fraction in enumerate(self.fractions) if fraction > 0]
        return max(possible, key=lambda i: (round(lacking[i], 9), self.wanted_images[i]))

    def _book(self, index: int, split: int) -> None:
        self.wanted_images[split] -= len(self.groups[index])
        for label, count in self.labels[index].items():
            self.wanted[label][split] -= count
