"""A filter of one dataset's images: read from an address, written back into one, turned into a query."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.db.models import Exists, F, OuterRef, Q
from django.db.models.lookups import GreaterThan
from django.http import QueryDict

from datasets.models import Box, Dataset, Image, LikePair, ReviewState, SavedView
from datasets.models.image import ImageQuerySet
from datasets.models.version import SPLITS
from datasets.review.hidden import hidden_ids
from datasets.traits import TRAITS, class_bit
from sw_site.lib.errors import UserError

SORTS = {
    "": "Oldest first",
    "newest": "Newest first",
    "name": "File name",
    "most": "Most boxes",
    "fewest": "Fewest boxes",
}
SIZES = ("small", "medium", "large")
SOURCES = ("person", "import", "model")
FLAGS = ("difficult", "truncated", "occluded", "verified", "unverified", "negative")
NO_SPLIT = "none"
#: Names in the address that differ from the field's.
PARAMETERS = {"class_id": "class", "text": "name"}
MAX_NUMBER = 2**31 - 1


@dataclass(frozen=True)
class GridFilter:
    """Values that mean nothing are treated as not set. Fields come in the order they have in an address."""

    state: str = ""
    class_id: int | None = None
    text: str = ""
    min: int | None = None
    max: int | None = None
    size: str = ""
    flag: tuple[str, ...] = ()
    source: str = ""
    split: str = ""
    uploader: int | None = None
    assignee: int | None = None
    defect: bool = False
    alike: bool = False
    like: int | None = None
    view: int | None = None
    sort: str = ""

    @classmethod
    def read(cls, query: QueryDict) -> GridFilter:
        return cls.of({key: query.getlist(key) for key in query})

    @classmethod
    def of(cls, values: Mapping[str, list[str]]) -> GridFilter:
        """From the parameters of an address: name -> every value given."""

        def one(name: str) -> str:
            return (values.get(name) or [""])[-1].replace("\x00", "").strip()

        def among(name: str, known: Any) -> str:
            return one(name) if one(name) in known else ""

        return cls(
            state=among("state", ReviewState.values),
            class_id=whole(one("class")) or None,
            text=one("name")[:100],
            min=whole(one("min")),
            max=whole(one("max")),
            size=among("size", SIZES),
            flag=tuple(name for name in FLAGS if name in values.get("flag", ())),
            source=among("source", SOURCES),
            split=among("split", (*SPLITS, NO_SPLIT)),
            uploader=whole(one("uploader")) or None,
            assignee=whole(one("assignee")) or None,
            defect=one("defect") == "1",
            alike=one("alike") == "1",
            like=whole(one("like")) or None,
            view=whole(one("view")) or None,
            sort=among("sort", SORTS),
        )

    @classmethod
    def parse(cls, text: str) -> GridFilter:
        """From "?state=labelled&class=3", with or without the question mark."""
        return cls.read(QueryDict(text.lstrip("?")))

    @classmethod
    def parse_strictly(cls, text: str) -> GridFilter:
        """The same, before images are changed: what means nothing would choose more of them than was asked for.

        Raises:
            UserError: names the first part that a filter does not have (422).
        """
        found = cls.parse(text)
        taken = set(parse_qsl(found.query_string().lstrip("?")))
        for name, values in QueryDict(text.lstrip("?")).lists():
            for value in values:
                if value.strip() and (name, value.strip()) not in taken:
                    names = ", ".join(PARAMETERS.get(field.name, field.name) for field in fields(cls))
                    raise UserError(
                        "bad_filter",
                        f"A filter has no “{name}={value[:50]}”. Copy it from the address of the grid, "
                        f"for example state=unlabelled. It may name {names}.",
                        422,
                    )
        return found

    def apply(self, dataset: Dataset, viewer: Any = None) -> ImageQuerySet:
        """The images of the dataset that match; the order is the pager's.

        For a `viewer`, images whose labels are hidden from them match as what they look like to them.
        """
        images: Any = Image.objects.filter(dataset=dataset)
        for condition in (*self._image_conditions(), *self._group_conditions(dataset)):
            images = images.filter(condition)
        labels = [*self._answer_conditions(), *self._box_conditions()]
        hidden = hidden_ids(viewer, dataset) if viewer and (labels or self._sorts_by_labels) else {}
        if hidden:
            return self._with_hidden(images, labels, hidden)
        for condition in labels:
            images = images.filter(condition)
        return images

    @property
    def _sorts_by_labels(self) -> bool:
        return self.sort in ("most", "fewest")

    def _with_hidden(self, images: Any, labels: list[Any], hidden: dict[int, bool]) -> ImageQuerySet:
        """By state they are found as what the viewer made of them; nothing else is known of them."""
        by_boxes = self._box_conditions() or set(self.flag) - {"unverified"} or self._sorts_by_labels
        look = {True: ReviewState.LABELLED.value, False: ReviewState.UNLABELLED.value}
        shown = [] if by_boxes else [pk for pk, given in hidden.items() if self.state in ("", look[given])]
        asked = ~Q(pk__in=list(hidden))
        for condition in labels:
            asked &= Q(condition)
        found: ImageQuerySet = images.filter(asked | Q(pk__in=shown))
        return found

    def _answer_conditions(self) -> list[Q]:
        flags = {"verified": Q(verified=True), "unverified": Q(verified=False), "negative": Q(negative=True)}
        state = [Q(state=self.state)] if self.state else []
        return state + [flags[name] for name in self.flag if name in flags]

    def _image_conditions(self) -> list[Q]:
        found = []
        if self.text:
            found.append(Q(file_name__icontains=self.text) | Q(folder__icontains=self.text))
        if self.split:
            found.append(Q(split="" if self.split == NO_SPLIT else self.split))
        if self.uploader:
            found.append(Q(created_by=self.uploader))
        if self.assignee:
            found.append(Q(assignee=self.assignee))
        if self.defect:
            found.append(~Q(defect=""))
        return found

    def _box_conditions(self) -> list[Any]:
        found: list[Any] = []
        if self.min is not None:
            found.append(Q(box_count__gte=self.min))
        if self.max is not None:
            found.append(Q(box_count__lte=self.max))
        for trait in (self.size, self.source, *self.flag):
            if trait in TRAITS:
                found.append(GreaterThan(F("box_traits").bitand(TRAITS[trait]), 0))
        if self.class_id:
            # Nearly all images without the class are told by their own row, in an index that holds its traits.
            found.append(GreaterThan(F("box_traits").bitand(class_bit(self.class_id)), 0))
            found.append(Exists(Box.objects.filter(image=OuterRef("pk"), label_class=self.class_id).order_by()))
        return found

    def _group_conditions(self, dataset: Dataset) -> list[Any]:
        found: list[Any] = []
        if self.alike:
            pairs = LikePair.objects.filter(dataset=dataset, decision="").order_by()
            found.append(Q(pk__in=pairs.values("first")) | Q(pk__in=pairs.values("second")))
        if self.like:
            partners = LikePair.objects.order_by()
            seconds, firsts = partners.filter(first=self.like), partners.filter(second=self.like)
            found.append(Q(pk=self.like) | Q(pk__in=seconds.values("second")) | Q(pk__in=firsts.values("first")))
        if self.view:
            found.append(Q(pk__in=SavedView.images.through.objects.filter(savedview=self.view).values("image")))
        return found

    def query_string(self) -> str:
        """ "?state=labelled&class=3", or an empty text when nothing is set."""
        values = [(PARAMETERS.get(name, name), value) for name, value in asdict(self).items()]
        given = [(name, value) for name, value in values if value is not None and value is not False and value != ""]
        text = urlencode([(name, "1" if value is True else value) for name, value in given], doseq=True)
        return f"?{text}" if text else ""

    def without(self, name: str) -> GridFilter:
        """The same filter with one field not set."""
        default: Any = next(field.default for field in fields(self) if field.name == name)
        return replace(self, **{name: default})

    @property
    def is_set(self) -> bool:
        """Is anything filtered at all? The order does not count."""
        return self.without("sort") != GridFilter()


def whole(text: str) -> int | None:
    """A whole number of an address, or None."""
    is_short = len(text) <= 12 and text.isascii() and text.isdecimal()
    return int(text) if is_short and int(text) <= MAX_NUMBER else None
