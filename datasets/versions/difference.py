"""What changed from one frozen version to another. Images are the same when their bytes are; boxes have no names in a
version, so they are matched by place: first the equal ones, then by class and overlap, then by overlap alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, overload

from datasets.versions.manifest import Manifest, ManifestBox, ManifestImage

#: Overlap (IoU) from which a box of the same class counts as moved, and one of another class as relabelled.
MOVED, RELABELLED = 0.3, 0.7
KINDS = ("added", "deleted", "moved", "relabelled", "marked")


@dataclass(frozen=True)
class BoxChange:
    """`kind` is one of `KINDS`; an added box has no `before`, a deleted one no `after`."""

    kind: str
    before: ManifestBox | None
    after: ManifestBox | None


@dataclass(frozen=True)
class ImageChange:
    """`kind`: "added", "removed" (then without boxes), or "changed". `splits` are (before, after) where they differ."""

    kind: str
    image: ManifestImage
    boxes: tuple[BoxChange, ...] = ()
    splits: tuple[str, str] | None = None


class _Place(NamedTuple):
    """Where a change is found again: what it sorts by, and the places of the image in the two manifests (or none)."""

    order: int
    file_name: str
    sha256: str
    before: int | None
    after: int | None


class Changes(Sequence[ImageChange]):
    """The changed images in order, each worked out when it is looked at: all of them at once may be very many."""

    def __init__(self, before: Manifest, after: Manifest, places: list[_Place]) -> None:
        self._before, self._after, self._places = before, after, places

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, place: int) -> ImageChange: ...
    @overload
    def __getitem__(self, place: slice) -> Changes: ...
    def __getitem__(self, place: int | slice) -> ImageChange | Changes:
        if isinstance(place, slice):
            return Changes(self._before, self._after, self._places[place])
        _, _, _, before, after = self._places[place]
        if before is None or after is None:
            return _came_or_went(self._before, self._after, before, after)
        change = _changed(self._before.images[before], self._after.images[after])
        assert change is not None  # noqa: S101 - or it would have no place here
        return change

    def without(self, digests: Set[str]) -> Changes:
        """Leaves out changed images of these digests; of those that came or went no box is told anyhow."""
        kept = [p for p in self._places if p.sha256 not in digests or p.before is None or p.after is None]
        return Changes(self._before, self._after, kept)


@dataclass(frozen=True)
class Difference:
    images: Changes
    classes_added: tuple[str, ...]
    classes_removed: tuple[str, ...]
    classes_renamed: tuple[tuple[str, str], ...]
    kinds: Counter[str]  # of images, with "other_split"
    box_kinds: Counter[str]

    def without(self, digests: Set[str]) -> Difference:
        """The same without what changed on images of these digests; the counts are of all."""
        return replace(self, images=self.images.without(digests)) if digests else self

    def counts(self) -> dict[str, dict[str, int]]:
        images = {kind: self.kinds[kind] for kind in ("added", "removed", "changed", "other_split")}
        return {"images": images, "boxes": {kind: self.box_kinds[kind] for kind in KINDS}}


ORDER = {"changed": 0, "added": 1, "removed": 2}


def compare(before: Manifest, after: Manifest) -> Difference:
    """Images that are equal in everything are left out; the others come in the order of their file names."""
    old, new = ({key: place for place, key in enumerate(manifest.digests())} for manifest in (before, after))
    kinds: Counter[str] = Counter()
    box_kinds: Counter[str] = Counter()
    places = []
    for change, was, now in _changes(before, after, old, new):
        kinds.update([change.kind, *(["other_split"] if change.splits else [])])
        box_kinds.update(box.kind for box in change.boxes)
        places.append(_Place(ORDER[change.kind], change.image.file_name, change.image.sha256, was, now))
    places.sort()
    classes = _classes(before.classes, after.classes)
    return Difference(Changes(before, after, places), *classes, kinds, box_kinds)


def _changes(
    before: Manifest, after: Manifest, old: dict[str, int], new: dict[str, int]
) -> Iterator[tuple[ImageChange, int | None, int | None]]:
    """Each change with the places of its image in the two manifests, as they come."""
    for key, place in new.items():
        if (was := old.get(key)) is None:
            yield _came_or_went(before, after, None, place), None, place
        elif change := _changed(before.images[was], after.images[place]):
            yield change, was, place
    for key, was in old.items():
        if key not in new:
            yield _came_or_went(before, after, was, None), was, None


def _came_or_went(before: Manifest, after: Manifest, was: int | None, now: int | None) -> ImageChange:
    if now is not None:
        return ImageChange("added", after.images[now])
    return ImageChange("removed", before.images[was or 0])


def _classes(before: dict[int, str], after: dict[int, str]) -> tuple[Any, Any, Any]:
    renamed = tuple((before[n], after[n]) for n in before.keys() & after.keys() if before[n] != after[n])
    added = tuple(after[n] for n in sorted(after.keys() - before.keys()))
    return added, tuple(before[n] for n in sorted(before.keys() - after.keys())), renamed


def _changed(before: ManifestImage, after: ManifestImage) -> ImageChange | None:
    boxes = tuple(match_boxes(before.boxes, after.boxes))
    splits = (before.split, after.split) if before.split != after.split else None
    return ImageChange("changed", after, boxes, splits) if boxes or splits else None


def match_boxes(before: Iterable[ManifestBox], after: Iterable[ManifestBox]) -> list[BoxChange]:
    """The changes that lead from one set of boxes to another; equal boxes are none."""
    equal = Counter(before) & Counter(after)
    old, new = list((Counter(before) - equal).elements()), list((Counter(after) - equal).elements())
    changes = []
    same_place = _pairs(old, new, lambda a, b: a.class_id == b.class_id and _edges(a) == _edges(b), 1.0)
    changes += [BoxChange("marked", a, b) for a, b in same_place]
    changes += [BoxChange("moved", a, b) for a, b in _pairs(old, new, lambda a, b: a.class_id == b.class_id, MOVED)]
    changes += [BoxChange("relabelled", a, b) for a, b in _pairs(old, new, lambda a, b: True, RELABELLED)]
    changes += [BoxChange("deleted", box, None) for box in old]
    return changes + [BoxChange("added", None, box) for box in new]


def _pairs(
    old: list[ManifestBox], new: list[ManifestBox], fits: Callable[[ManifestBox, ManifestBox], bool], least: float
) -> list[tuple[ManifestBox, ManifestBox]]:
    """Pairs that fit, those with most overlap first; they are taken out of both lists."""
    offers = [(iou(a, b), i, j) for i, a in enumerate(old) for j, b in enumerate(new) if fits(a, b)]
    found: list[tuple[int, int]] = []
    for overlap, i, j in sorted(offers, key=lambda offer: (-offer[0], offer[1:])):
        if overlap >= least and all(i != a and j != b for a, b in found):
            found.append((i, j))
    pairs = [(old[i], new[j]) for i, j in found]
    old[:] = [box for i, box in enumerate(old) if i not in {a for a, _ in found}]
    new[:] = [box for j, box in enumerate(new) if j not in {b for _, b in found}]
    return pairs


def _edges(box: ManifestBox) -> tuple[float, float, float, float]:
    return box.x1, box.y1, box.x2, box.y2


def iou(a: ManifestBox, b: ManifestBox) -> float:
    """Intersection over union."""
    shared = max(0.0, min(a.x2, b.x2) - max(a.x1, b.x1)) * max(0.0, min(a.y2, b.y2) - max(a.y1, b.y1))
    return shared / ((a.x2 - a.x1) * (a.y2 - a.y1) + (b.x2 - b.x1) * (b.y2 - b.y1) - shared)


def as_json(difference: Difference, limit: int | None = None) -> dict[str, Any]:
    """Counts, classes, and the changed images (at most `limit`), each with its changed boxes."""
    return {
        **difference.counts(),
        "classes": {
            "added": list(difference.classes_added),
            "removed": list(difference.classes_removed),
            "renamed": [list(pair) for pair in difference.classes_renamed],
        },
        "changes": list(map(_image_as_json, difference.images[:limit])),
    }


def _image_as_json(change: ImageChange) -> dict[str, Any]:
    return {
        "kind": change.kind,
        "id": change.image.id,
        "file_name": change.image.file_name,
        "sha256": change.image.sha256,
        "splits": list(change.splits) if change.splits else None,
        "boxes": [
            {"kind": box.kind, "before": _box_as_json(box.before), "after": _box_as_json(box.after)}
            for box in change.boxes
        ],
    }


def _box_as_json(box: ManifestBox | None) -> dict[str, Any] | None:
    return None if box is None else dict(vars(box))
