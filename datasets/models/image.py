"""A photograph of a dataset."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from django.conf import settings
from django.db import models
from django.db.models import F, Prefetch, Q
from django.db.models.lookups import Exact, GreaterThan
from django.urls import reverse
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from datasets.models.dataset import Dataset

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from datasets.models.annotation import Box
    from sw_site.accounts.models import User


class ReviewState(models.TextChoices):
    UNLABELLED = "unlabelled", "Unlabelled"
    LABELLED = "labelled", "Labelled"
    APPROVED = "approved", "Approved"
    RETURNED = "returned", "Returned"


#: How the chip of a review state looks.
CHIPS: dict[str, str] = {ReviewState.APPROVED: " good", ReviewState.RETURNED: " bad"}
VERIFIED = SafeString('<span class="badge r"><span class="chip good">verified</span></span>')
#: A box as it is drawn: class name, colour, and pixel edges x1, y1, x2, y2.
DrawnBox = tuple[str, str, float, float, float, float]
#: Pixels above which a browser stands still while it decodes a picture: for about 0.4 s.
VAST = 32_000_000
#: What the grid filters by; the count is last, because one index begins with it.
BROWSED = ("state", "verified", "negative", "split", "defect", "box_traits", "created_by", "assignee", "box_count")


class ShownBox(NamedTuple):
    """A drawn box by the names that templates use."""

    label: str
    colour: str
    x1: float
    y1: float
    x2: float
    y2: float


@cache
def images_root() -> str:
    """Where the addresses of images begin. Asking the router four times a tile costs more than a page's queries."""
    return reverse("datasets:image-detail", args=[0]).removesuffix("0/")


@lru_cache(4096)
def _drawn_class(label: str, colour: str) -> tuple[str, str]:
    """What begins each box of a class in the SVG of a tile: its name, and its coloured line."""
    return f"<g><title>{escape(label)}</title>", f'<path class="box" stroke="{escape(colour)}"'


@lru_cache(256)
def _badges(defect: str, state: str, negative: bool, verified: bool) -> SafeString:
    kind, word, title = CHIPS.get(state, ""), str(ReviewState(state).label).lower(), SafeString()
    if defect:
        kind, word, title = " bad", "damaged", format_html(' title="{}"', defect)
    elif state == ReviewState.LABELLED:
        word = "nothing here" if negative else ""
    left = format_html('<span class="badge"><span class="chip{}"{}>{}</span></span>', kind, title, word) if word else ""
    return format_html("{}{}", left, VERIFIED if verified else "")


class ImageQuerySet(models.QuerySet["Image"]):
    def visible_to(self, user: User | AnonymousUser) -> ImageQuerySet:
        return self.filter(dataset__in=Dataset.objects.visible_to(user))

    def unlabelled(self) -> ImageQuerySet:
        return self.filter(state=ReviewState.UNLABELLED)

    def usable(self) -> ImageQuerySet:
        """Images that may go into a version: somebody has answered what is on them, and they decode."""
        return self.beyond_proposals().filter(state__in=[ReviewState.LABELLED, ReviewState.APPROVED], defect="")

    def answered(self) -> ImageQuerySet:
        """Images of which somebody has said what is on them, whatever a reviewer thought of it."""
        return self.beyond_proposals().exclude(state=ReviewState.UNLABELLED)

    def beyond_proposals(self) -> ImageQuerySet:
        """Leaves out images that hold nothing but boxes a model drew: their labels are still to come."""
        from datasets.traits import TRAITS

        traits = F("box_traits")
        said = Q(GreaterThan(traits.bitand(TRAITS["person"] | TRAITS["import"]), 0)) | Q(negative=True)
        return self.filter(said | Q(Exact(traits.bitand(TRAITS["model"]), 0)))

    def for_grid(self) -> ImageQuerySet:
        """Everything the grid draws, in two queries whatever the page size."""
        from datasets.models.annotation import Box

        boxes = Box.objects.select_related("label_class")
        return (
            self.select_related("dataset")
            .prefetch_related(Prefetch("boxes", queryset=boxes))
            .defer("note", "fingerprint", "tags")
        )


class Image(models.Model):
    """One image, kept once per dataset by the SHA-256 of the bytes that came in.

    `file` is the upright picture everything works on; `original` the bytes as they came (the same file unless the
    picture had to be turned upright or converted). Sizes are pixels of the upright picture.
    """

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="images")
    file_name = models.CharField(max_length=255, help_text="Name it came with, without folders.")
    folder = models.CharField(max_length=500, blank=True, help_text="Folders it came in, below the import's root.")
    sha256 = models.CharField(max_length=64)
    file = models.CharField(max_length=120, help_text="Storage name of the upright picture.")
    original = models.CharField(max_length=120, help_text="Storage name of the bytes as they came.")
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    orientation = models.PositiveSmallIntegerField(default=1, help_text="EXIF orientation the original had.")
    size_bytes = models.PositiveIntegerField()
    state = models.CharField(max_length=12, choices=ReviewState.choices, default=ReviewState.UNLABELLED)
    verified = models.BooleanField(default=False, help_text="labelImg's green tick.")
    negative = models.BooleanField(default=False, help_text="Somebody said that there is nothing to find here.")
    split = models.CharField(max_length=5, blank=True, help_text="Split it came with, if any.")
    defect = models.CharField(max_length=200, blank=True, help_text="Why it cannot be used, if it cannot.")
    box_count = models.PositiveIntegerField(default=0, help_text="Boxes on it; see datasets/traits.py.")
    box_traits = models.BigIntegerField(default=0, help_text="Sorts of boxes on it; see datasets/traits.py.")
    has_thumbnails = models.BooleanField(default=False)
    fingerprint = models.BinaryField(null=True, editable=False, help_text="See datasets/likeness.py.")
    note = models.TextField(blank=True)
    tags = models.JSONField(default=list, blank=True, help_text="What else its annotations said: [[name, text], ...].")
    revision = models.PositiveIntegerField(
        default=0, help_text="Number of the latest saved state; the optimistic lock."
    )
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="assigned_images"
    )
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ImageQuerySet.as_manager()

    #: Set by the grid, which reads its boxes by itself; None means "ask the rows".
    drawn: list[DrawnBox] | None = None

    class Meta:
        ordering = ["dataset_id", "pk"]
        constraints = [models.UniqueConstraint(fields=["dataset", "sha256"], name="image_once_per_dataset")]
        indexes = [
            # The queues find the next image without looking at those that are done; the progress page counts by the
            # first without touching the rows.
            models.Index(fields=["dataset", "state", "assignee", "id", "reviewer"], name="image_to_label"),
            models.Index(fields=["dataset", "state", "id", "reviewer"], name="image_to_review"),
            models.Index(fields=["has_thumbnails"]),
            # The grid finds its hundred ids in one of these three without touching the wide rows.
            models.Index(fields=["dataset", "id", *BROWSED, "file_name", "folder"], name="image_by_id"),
            models.Index(fields=["dataset", "box_count", "id", *BROWSED[:-1]], name="image_by_boxes"),
            models.Index(fields=["dataset", "file_name", "id", "folder", *BROWSED], name="image_by_name"),
        ]

    def __str__(self) -> str:
        return self.file_name

    def get_absolute_url(self) -> str:
        return f"{images_root()}{self.pk}/"

    @property
    def href(self) -> str:
        return self.get_absolute_url()

    @property
    def original_url(self) -> str:
        return f"{self.get_absolute_url()}file/{self.sha256[:12]}/"

    @property
    def is_vast(self) -> bool:
        """Whether a browser takes so long to decode it that the editor shows pieces of it (datasets/pieces.py)."""
        return self.width * self.height > VAST

    @property
    def screen_url(self) -> str:
        """What the editor shows first: the picture, or of a vast one the screen-sized copy."""
        return f"{self.get_absolute_url()}thumb/{self.sha256[:12]}/screen/" if self.is_vast else self.original_url

    @property
    def thumb_url(self) -> str:
        return f"{self.get_absolute_url()}thumb/{self.sha256[:12]}/small/"

    @property
    def large_thumb_url(self) -> str:
        return f"{self.get_absolute_url()}thumb/{self.sha256[:12]}/large/"

    @property
    def overlay(self) -> SafeString:
        """The boxes as one SVG over the picture. Built here because a grid page holds hundreds of them."""
        boxes = self.drawn
        if boxes is None:
            boxes = [(box.label, box.colour, box.x1, box.y1, box.x2, box.y2) for box in self.boxes.all()]
        shapes = []
        for label, colour, x1, y1, x2, y2 in boxes:
            head, stroke = _drawn_class(label, colour)
            d = f"M{x1:.1f} {y1:.1f}H{x2:.1f}V{y2:.1f}H{x1:.1f}z"
            shapes.append(f'{head}<path class="case" d="{d}"/>{stroke} d="{d}"/></g>')
        frame = '<svg viewBox="0 0 {} {}" aria-hidden="true">{}</svg>'
        return format_html(frame, self.width, self.height, mark_safe("".join(shapes)))  # noqa: S308 - escaped below

    @property
    def badges(self) -> SafeString:
        """What a tile says of the image in its corners; one lookup for the template, which has a hundred tiles."""
        return _badges(self.defect, self.state, self.negative, self.verified)

    @property
    def boxes_for_display(self) -> Iterable[Box | ShownBox]:
        return self.boxes.all() if self.drawn is None else [ShownBox(*row) for row in self.drawn]
