"""A dataset's images and boxes as columns of numbers: a row of them is a hundredth of what it is as Python objects."""

from __future__ import annotations

from typing import Any

import numpy as np
from django.db.models import Q, QuerySet
from numpy.typing import NDArray

from datasets.models import Box, Dataset
from datasets.models.annotation import BoxSource
from datasets.models.image import ReviewState

EDGES = ("x1", "y1", "x2", "y2")
IMAGE = {"id": "i8", "width": "i4", "height": "i4", "box_count": "i4", "unlabelled": "?", "damaged": "?"}
BOX = {"image": "i8", "label_class": "i8", **dict.fromkeys(EDGES, "f8")}
AT_ONCE = 2000


def images_of(dataset: Dataset) -> NDArray[Any]:
    """One row for each image, by id, with the fields of `IMAGE`."""
    images = dataset.images.annotate(unlabelled=Q(state=ReviewState.UNLABELLED), damaged=~Q(defect=""))
    return _table(images.order_by("pk"), IMAGE)


def boxes_of(dataset: Dataset, ids: NDArray[np.int64]) -> tuple[NDArray[Any], NDArray[np.intp]]:
    """(one row for each label with the fields of `BOX`, where its image stands in `ids`); no proposals of models.

    `ids` are sorted. Labels of images that came after those were read are left out.
    """
    boxes = _table(Box.objects.filter(image__dataset=dataset).exclude(source=BoxSource.MODEL).order_by(), BOX)
    known = np.isin(boxes["image"], ids)
    return boxes[known], np.searchsorted(ids, boxes["image"][known])


def _table(rows: QuerySet[Any], columns: dict[str, str]) -> NDArray[Any]:
    found = rows.values_list(*columns).iterator(chunk_size=AT_ONCE)
    return np.fromiter(found, np.dtype(list(columns.items())))
