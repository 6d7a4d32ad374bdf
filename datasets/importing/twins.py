"""Files of the same bytes under several names: one image, and labels that may contradict each other."""

from __future__ import annotations

from collections.abc import Sequence

from datasets.formats.records import AnnotationRecord, FormatError

#: Codes of what is said about them.
CODES = ("duplicate_image", "duplicate_labels_differ")


class Twins:
    """Remembers the first file of each hash, and in one number what was labelled on it."""

    def __init__(self) -> None:
        self._first: dict[str, tuple[str, int]] = {}

    def meet(self, sha256: str, path: str, records: Sequence[AnnotationRecord]) -> FormatError | None:
        """What there is to say when a file of these bytes has come before; None for the first."""
        labels = labels_key(records)
        first = self._first.setdefault(sha256, (path, labels))
        if first[0] == path:
            return None
        same = f"It is the same file, byte for byte, as {first[0]}"
        if not labels or not first[1]:
            return FormatError("duplicate_image", f"{same}. The image is kept once.")
        if labels == first[1]:
            return FormatError("duplicate_image", f"{same}, with the same labels. The image is kept once.")
        boxes = sum(len(record.boxes) for record in records)
        return FormatError(
            "duplicate_labels_differ",
            f"{same}, but labelled otherwise. The image is kept once, and the boxes given for both "
            f"({boxes} from this one) are together on it. Check that they belong there.",
        )

    def first(self, sha256: str) -> str:
        """The path of the first file of these bytes; empty when none has come."""
        return self._first.get(sha256, ("", 0))[0]


def labels_key(records: Sequence[AnnotationRecord]) -> int:
    """The same number for the same boxes in whatever order; 0 where no annotation says anything."""
    if not records:
        return 0
    return hash(frozenset((b.name, b.x1, b.y1, b.x2, b.y2) for record in records for b in record.boxes))
