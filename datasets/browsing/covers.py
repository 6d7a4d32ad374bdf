from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from datasets.models import Dataset, Image
from datasets.review.hidden import veil


def with_covers(datasets: Iterable[Dataset], viewer: Any, count: int = 4) -> list[Any]:
    """Datasets with `covers`: their first photos, for a card, as the `viewer` may see them."""
    rows: list[Any] = list(datasets)
    for dataset in rows:
        dataset.covers = list(Image.objects.filter(dataset=dataset, defect="").for_grid()[:count])
    veil([image for dataset in rows for image in dataset.covers], viewer)
    return rows
