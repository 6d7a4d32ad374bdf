"""What people decide about many images at once: saved views, near duplicates, changes that can be taken back."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.urls import reverse

from datasets.models.dataset import Dataset
from datasets.models.image import Image


class SavedView(models.Model):
    """A filter of the grid under a name, or images picked by hand. Everyone may open it; its owner may change it."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="views")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=100)
    query = models.CharField(max_length=1000, blank=True, help_text='The filter, as in the address: "?state=labelled".')
    images = models.ManyToManyField(Image, related_name="views", blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name", "pk"]
        constraints = [models.UniqueConstraint(fields=["dataset", "user", "name"], name="saved_view_name_once")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("datasets:dataset-detail", args=[self.dataset.slug]) + (self.query or f"?view={self.pk}")


class Decision(models.TextChoices):
    OPEN = "", "Not decided"
    BOTH = "both", "Keep both"
    SHOT = "shot", "Same shot"


class LikePair(models.Model):
    """Two images that look alike. A decision stays when the search is run again."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="pairs")
    first = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="+")
    bits = models.PositiveSmallIntegerField(help_text="Bits in which the two perceptual hashes differ, of 128.")
    decision = models.CharField(max_length=4, choices=Decision.choices, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["bits", "pk"]
        constraints = [models.UniqueConstraint(fields=["first", "second"], name="like_pair_once")]
        indexes = [models.Index(fields=["dataset", "decision", "bits", "id"], name="like_pair_queue")]

    def __str__(self) -> str:
        return f"{self.first_id} and {self.second_id}: {self.bits} bits apart"


class BulkChange(models.Model):
    """One change to the labels of many images. Its revisions name it, which is how it is taken back."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="changes")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    summary = models.CharField(max_length=200)
    images = models.PositiveIntegerField(default=0)
    merged = models.JSONField(
        null=True, blank=True, help_text='Of a merge of classes: {"source", "target": ids, "names": those that moved}.'
    )
    undone_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.summary
