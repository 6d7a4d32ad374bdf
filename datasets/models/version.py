"""Frozen versions: what training and evaluation read, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.urls import reverse

from datasets.models.dataset import Dataset
from sw_site.accounts.roles import Role

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from datasets.versions.manifest import Manifest
    from sw_site.accounts.models import User

SPLITS = ("train", "val", "test")


class DatasetVersionQuerySet(models.QuerySet["DatasetVersion"]):
    def visible_to(self, user: User | AnonymousUser) -> DatasetVersionQuerySet:
        return self.open_to(user, Role.VIEWER)

    def open_to(self, user: User | AnonymousUser, role: Role) -> DatasetVersionQuerySet:
        return self.filter(dataset__in=Dataset.objects.open_to(user, role))


class DatasetVersion(models.Model):
    """An immutable manifest of images, boxes, classes and split, named by its content hash."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=100, blank=True)
    seed = models.PositiveIntegerField(default=1)
    shots_together = models.BooleanField(default=False, help_text="Were pictures of one shot kept in one split?")
    fractions = models.JSONField(help_text="Asked-for shares of train, val and test.")
    content_hash = models.CharField(max_length=64)
    manifest_file = models.CharField(max_length=120)
    counts = models.JSONField(help_text='Per split: {"images", "negatives", "boxes", "classes": {name: boxes}}.')
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = DatasetVersionQuerySet.as_manager()

    class Meta:
        ordering = ["dataset_id", "-number"]
        constraints = [models.UniqueConstraint(fields=["dataset", "number"], name="version_number_once")]

    def __str__(self) -> str:
        return f"{self.dataset.name} v{self.number}"

    def get_absolute_url(self) -> str:
        return reverse("datasets:version-detail", args=[self.dataset.slug, self.number])

    def manifest(self) -> Manifest:
        """The frozen content, read from storage and checked against `content_hash`."""
        from datasets.versions.manifest import read_manifest

        return read_manifest(self.manifest_file, self.content_hash)

    @property
    def image_count(self) -> int:
        return sum(split["images"] for split in self.counts.values())

    @property
    def box_count(self) -> int:
        return sum(split["boxes"] for split in self.counts.values())
