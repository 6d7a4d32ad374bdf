"""What the grid shows: filters as a person sets them, and the way from image to image through the same filter."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Exists, OuterRef
from django.http import QueryDict

from datasets.models import Box, Dataset, Image, ReviewState
from datasets.models.image import ImageQuerySet


@dataclass(frozen=True)
class GridFilter:
    """A filter of one dataset's images. Values that mean nothing are treated as not set."""

    state: str = ""
    class_id: int | None = None
    text: str = ""
    defect: bool = False

    @classmethod
    def read(cls, query: QueryDict) -> GridFilter:
        state, class_id = query.get("state", ""), query.get("class", "")
        return cls(
            state=state if state in ReviewState.values else "",
            class_id=int(class_id) if class_id.isdecimal() and len(class_id) < 12 else None,
            text=query.get("name", "").replace("\x00", "").strip()[:100],
            defect=query.get("defect") == "1",
        )

    def apply(self, dataset: Dataset) -> ImageQuerySet:
        images: Any = Image.objects.filter(dataset=dataset).order_by("pk")
        if self.state:
            images = images.filter(state=self.state)
        if self.class_id:
            images = images.filter(Exists(Box.objects.filter(image=OuterRef("pk"), label_class=self.class_id)))
        if self.text:
            images = images.filter(file_name__icontains=self.text)
        if self.defect:
            images = images.exclude(defect="")
        return images

    def query_string(self) -> str:
        """ "?state=labelled&class=3", or an empty text when nothing is set."""
        values = {"state": self.state, "class": self.class_id, "name": self.text, "defect": "1" if self.defect else ""}
        text = urlencode({key: value for key, value in values.items() if value})
        return f"?{text}" if text else ""


def with_covers(datasets: Iterable[Dataset], count: int = 4) -> list[Any]:
    """Datasets with `covers`: their first photos, for a card."""
    rows: list[Any] = list(datasets)
    for dataset in rows:
        dataset.covers = list(Image.objects.filter(dataset=dataset, defect="").for_grid()[:count])
    return rows


@dataclass(frozen=True)
class Neighbours:
    """Where an image stands among those of a filter."""

    position: int
    total: int
    previous: Image | None
    next: Image | None
    strip: list[Image]


def neighbours(images: ImageQuerySet, image: Image, reach: int = 6) -> Neighbours:
    """Position (from 1), the image before and after, and a strip of `reach` images on both sides."""
    before = list(images.filter(pk__lt=image.pk).order_by("-pk")[:reach])[::-1]
    after = list(images.filter(pk__gt=image.pk).order_by("pk")[:reach])
    return Neighbours(
        position=images.filter(pk__lt=image.pk).count() + 1,
        total=images.count(),
        previous=before[-1] if before else None,
        next=after[0] if after else None,
        strip=[*before, image, *after],
    )
