"""Boxes, the history of an image's boxes, and annotation files as they came."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from datasets.models.curation import BulkChange
from datasets.models.dataset import Dataset, LabelClass
from datasets.models.image import Image


class BoxSource(models.TextChoices):
    PERSON = "person", "A person"
    IMPORT = "import", "An import"
    MODEL = "model", "A model"


class Box(models.Model):
    """A bounding box: pixel edges of the upright image as floats, 0 <= x1 < x2 <= width (the same for y)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, help_text="May be chosen by the client.")
    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="boxes")
    # No index of its own: the one below, of class and image, serves for both.
    label_class = models.ForeignKey(LabelClass, on_delete=models.PROTECT, related_name="boxes", db_index=False)
    x1 = models.FloatField()
    y1 = models.FloatField()
    x2 = models.FloatField()
    y2 = models.FloatField()
    difficult = models.BooleanField(default=False)
    truncated = models.BooleanField(default=False)
    occluded = models.BooleanField(default=False)
    pose = models.CharField(max_length=40, blank=True)
    tags = models.JSONField(default=list, blank=True, help_text="What else its file said: [[name, text], ...].")
    source = models.CharField(max_length=6, choices=BoxSource.choices, default=BoxSource.PERSON)
    score = models.FloatField(null=True, blank=True, help_text="Confidence, when a model drew it.")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["image_id", "created_at", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(x2__gt=F("x1")) & Q(y2__gt=F("y1")), name="box_has_area"),
            models.CheckConstraint(condition=Q(x1__gte=0) & Q(y1__gte=0), name="box_starts_inside"),
        ]
        # The grid's filter by class asks "has this image such a box?" once for each image.
        indexes = [models.Index(fields=["label_class", "image"], name="box_class_image")]
        verbose_name_plural = "boxes"

    def __str__(self) -> str:
        return f"{self.label_class} {self.x1:g},{self.y1:g} {self.x2:g},{self.y2:g}"

    @property
    def colour(self) -> str:
        return self.label_class.colour

    @property
    def label(self) -> str:
        return self.label_class.name

    @property
    def display_width(self) -> float:
        return self.x2 - self.x1

    @property
    def display_height(self) -> float:
        return self.y2 - self.y1


class Revision(models.Model):
    """One saved state of an image's boxes: who, when, what changed, and the whole state for going back."""

    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    summary = models.CharField(max_length=200, help_text='For people, for example "1 added, 2 moved".')
    boxes = models.JSONField(default=list, help_text="Every box after this save, as the label API writes it.")
    verified = models.BooleanField(default=False)
    negative = models.BooleanField(default=False)
    change = models.ForeignKey(
        BulkChange, null=True, blank=True, on_delete=models.SET_NULL, related_name="revisions",
        help_text="The change of many images this was a part of.",
    )  # fmt: skip
    batch = models.UUIDField(
        null=True, blank=True, help_text="Made by the client for the save, so that it counts once."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["image_id", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["image", "number"], name="revision_once"),
            models.UniqueConstraint(
                fields=["image", "batch"], condition=Q(batch__isnull=False), name="revision_once_per_batch"
            ),
        ]

    def __str__(self) -> str:
        return f"Revision {self.number}: {self.summary}"


class SourceAnnotation(models.Model):
    """An annotation file as it came, byte for byte: applied once to its image, and retrievable for ever."""

    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="sources")
    file_name = models.CharField(max_length=500)
    format = models.CharField(max_length=20)
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["image", "sha256"], name="source_annotation_once")]

    def __str__(self) -> str:
        return self.file_name


class KeptFile(models.Model):
    """A file of an import that is about many images, or was set aside: whole, as it came, and retrievable for ever."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="kept_files")
    file_name = models.CharField(max_length=500)
    sha256 = models.CharField(max_length=64)
    file = models.CharField(max_length=120, help_text="Storage name.")
    size_bytes = models.PositiveIntegerField()
    code = models.CharField(max_length=40, blank=True, help_text="Why it was set aside; empty when it was used.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["dataset_id", "file_name", "pk"]
        constraints = [models.UniqueConstraint(fields=["dataset", "sha256", "file_name"], name="kept_file_once")]

    def __str__(self) -> str:
        return self.file_name
