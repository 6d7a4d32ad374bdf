"""The groups of images that a split must not part: pictures of one shot."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from datasets.likeness import shot_groups
from datasets.models import Image
from datasets.thumbnails import make_thumbnails


def shots_of(rows: Sequence[Image]) -> dict[int, int]:
    """Group number by image id. Pictures that have not been looked at yet are, now; a damaged one stands alone."""
    prints = fingerprints_of(rows)
    return dict(zip(prints, shot_groups(list(prints.values())), strict=True)) if prints else {}


def fingerprints_of(rows: Sequence[Image]) -> dict[int, bytes]:
    """Fingerprint by image id, made now where it is missing; damaged pictures have none."""
    missing = [row for row in rows if row.fingerprint is None]
    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        list(pool.map(make_thumbnails, missing))
    seen = [row for row in missing if row.fingerprint is not None]
    Image.objects.bulk_update(seen, ["fingerprint"], batch_size=500)
    return {row.pk: bytes(row.fingerprint) for row in rows if row.fingerprint is not None}
