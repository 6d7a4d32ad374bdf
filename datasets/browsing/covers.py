from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from datasets.models import Dataset, Image


def with_covers(datasets: Iterable[Dataset], count: int = 4) -> list[Any]:
    """Datasets with `covers`: their first photos, for a card."""
    rows: list[Any] = list(datasets)
    for dataset in rows:
        dataset.covers = list(Image.objects.filter(dataset=dataset, defect="").for_grid()[:count])
    return rows
