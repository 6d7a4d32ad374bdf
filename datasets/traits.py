"""What the grid filters by, kept on the image row: how many boxes it has, and of which sorts.

The grid must answer any filter at 100,000 images in a moment; asking a million boxes for it would not. Whoever writes
boxes calls `refresh_traits` (or `store_traits`) in the same transaction.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import connection

from datasets.models import Box, Image

#: Bits of `Image.box_traits`: "has a box that ...". Sizes are those of COCO: area under 32², under 96², and above.
TRAITS = {
    "small": 1,
    "medium": 2,
    "large": 4,
    "difficult": 8,
    "truncated": 16,
    "occluded": 32,
    "person": 64,
    "import": 128,
    "model": 256,
}
#: The bits above say of which classes its boxes are, class by class in turn: two classes share a bit where a dataset
#: has more than these (or has gaps among its row ids), so a bit that is set still has to be looked into.
CLASS_BITS, FIRST_CLASS_BIT = 47, 16
SMALL, MEDIUM = 32**2, 96**2
BATCH = 500


def traits_of(boxes: Iterable[Any]) -> tuple[int, int]:
    """(number of boxes, bits of `TRAITS`) of one image's boxes (`Box` or `NewBox` rows)."""
    count = bits = 0
    for box in boxes:
        count += 1
        bits |= _size_bit((box.x2 - box.x1) * (box.y2 - box.y1)) | TRAITS[str(box.source)]
        bits |= (
            class_bit(box.label_class_id) | 8 * bool(box.difficult) | 16 * bool(box.truncated) | 32 * bool(box.occluded)
        )
    return count, bits


def has_answer(boxes: Iterable[Any]) -> bool:
    """Whether a person or a file has said something: what a model drew is a proposal until somebody accepts it."""
    return any(str(box.source) != "model" for box in boxes)


def class_bit(class_id: int) -> int:
    """The bit of `Image.box_traits` that any image with a box of this class has; the last one keeps it below 2^63."""
    return 1 << FIRST_CLASS_BIT + class_id % CLASS_BITS


def _size_bit(area: float) -> int:
    return TRAITS["small" if area < SMALL else "medium" if area < MEDIUM else "large"]


def refresh_traits(image_ids: Iterable[int]) -> None:
    """Count again, from the boxes in the database, for these images."""
    ids = list(image_ids)
    for start in range(0, len(ids), BATCH):
        chunk = ids[start : start + BATCH]
        boxes: dict[int, list[Box]] = defaultdict(list)
        fields = ("image_id", "label_class_id", "x1", "y1", "x2", "y2", "difficult", "truncated", "occluded", "source")
        for box in Box.objects.filter(image__in=chunk).order_by().only(*fields):
            boxes[box.image_id].append(box)
        store_traits({pk: traits_of(boxes[pk]) for pk in chunk})


def store_traits(values: Mapping[int, tuple[int, int]]) -> None:
    """Write (count, bits) by image id. One prepared statement: an import writes them by the ten thousand."""
    if not values:
        return
    table = connection.ops.quote_name(Image._meta.db_table)
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {table} SET box_count = %s, box_traits = %s WHERE id = %s",  # noqa: S608 - the name is the model's
            [(count, bits, pk) for pk, (count, bits) in values.items()],
        )
