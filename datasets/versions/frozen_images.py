"""The images of a large version: kept packed, and made one by one when somebody looks at them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from datasets.versions.content import ManifestImage
from datasets.versions.packed import PackedLines


class FrozenImages(Sequence[ManifestImage]):
    """A sequence of images, or with `places` of some of them. Slices and splits share what is packed.

    100,000 images with 750,000 boxes take some 25 MB; as objects they would take 900.
    """

    def __init__(self, lines: PackedLines, index: Index, places: NDArray[np.intp] | None = None) -> None:
        self._lines, self._index = lines, index
        self._places = np.arange(len(lines)) if places is None else places

    @classmethod
    def of(cls, lines: Iterable[bytes]) -> FrozenImages:
        """From lines of JSON, one an image. ValueError, KeyError or TypeError for a line that is none."""
        packed, ids, splits, digests = PackedLines(), [], [], []
        for line in lines:
            row = json.loads(line)
            ids.append(row["id"])
            splits.append(row["split"])
            digests.append(row["sha256"].encode())
            packed.append(line)
        return cls(packed, Index(ids, splits, digests))

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, place: int) -> ManifestImage: ...
    @overload
    def __getitem__(self, place: slice) -> FrozenImages: ...
    def __getitem__(self, place: int | slice) -> ManifestImage | FrozenImages:
        if isinstance(place, slice):
            return FrozenImages(self._lines, self._index, self._places[place])
        return ManifestImage.from_json(json.loads(self._lines[int(self._places[place])]))

    def __iter__(self) -> Iterator[ManifestImage]:
        return map(ManifestImage.from_json, self.rows())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or len(self) != len(other):
            return NotImplemented if not isinstance(other, Sequence) else False
        return all(mine == theirs for mine, theirs in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]

    def rows(self) -> Iterator[dict[str, Any]]:
        """What JSON says of each image."""
        return (json.loads(self._lines[int(place)]) for place in self._places)

    def ids(self) -> list[int]:
        return self._index.ids[self._places].tolist()

    def splits(self) -> list[str]:
        names = self._index.split_names
        return [names[number] for number in self._index.splits[self._places].tolist()]

    def digests(self) -> list[str]:
        return [digest.decode() for digest in self._index.digests[self._places].tolist()]

    def where(self, **wanted: Any) -> FrozenImages:
        """Those with this `split`, `sha256`, or one of these `ids`, in order."""
        mask = np.ones(len(self), bool)
        if "split" in wanted:
            mask &= self._index.splits[self._places] == self._index.number_of(wanted["split"])
        if "sha256" in wanted:
            mask &= self._index.digests[self._places] == wanted["sha256"].encode()
        if "ids" in wanted:
            mask &= np.isin(self._index.ids[self._places], np.fromiter(wanted["ids"], np.int64))
        return FrozenImages(self._lines, self._index, self._places[mask])


class Index:
    """What images are looked up by, as arrays in their order: ids, splits (as numbers), digests."""

    def __init__(self, ids: list[int], splits: list[str], digests: list[bytes]) -> None:
        self.split_names = list(dict.fromkeys(splits))
        numbers = {name: number for number, name in enumerate(self.split_names)}
        self.ids = np.array(ids, np.int64)
        self.splits = np.array([numbers[split] for split in splits], np.int16)
        self.digests = np.array(digests, np.bytes_)

    def number_of(self, split: str) -> int:
        return self.split_names.index(split) if split in self.split_names else -1
