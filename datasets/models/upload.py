"""Files on their way from a browser, and what belongs together of them."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models

from datasets.models.dataset import Dataset

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from sw_site.accounts.models import User


class UploadBatchQuerySet(models.QuerySet["UploadBatch"]):
    def visible_to(self, user: User | AnonymousUser) -> UploadBatchQuerySet:
        """A batch belongs to the person who sends it."""
        return self.filter(dataset__in=Dataset.objects.visible_to(user), user=user.pk)


class UploadBatch(models.Model):
    """What one person drops on a dataset in one go. Open until it is imported or thrown away."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="upload_batches")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = UploadBatchQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        verbose_name_plural = "upload batches"
        constraints = [
            # A browser begins with several files at once, and all of them belong together.
            models.UniqueConstraint(
                fields=["dataset", "user"], condition=models.Q(closed_at=None), name="one_open_batch_each"
            )
        ]

    def __str__(self) -> str:
        return f"Upload to {self.dataset}"

    @property
    def folder(self) -> Path:
        return Path(settings.UPLOADS_ROOT) / self.pk.hex

    @property
    def files(self) -> Path:
        """Whole files under the names they came with: what an import reads."""
        return self.folder / "files"


class Upload(models.Model):
    """One file of a batch. How much of it is here is the size of its part file, which no crash can make untrue."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    batch = models.ForeignKey(UploadBatch, on_delete=models.CASCADE, related_name="uploads")
    path = models.CharField(max_length=500, help_text="Name with folders, relative, with forward slashes.")
    size = models.PositiveBigIntegerField(help_text="Bytes of the whole file.")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    taken_at = models.DateTimeField(null=True, blank=True, help_text="When the photo went into the dataset.")

    class Meta:
        ordering = ["batch_id", "path"]
        constraints = [models.UniqueConstraint(fields=["batch", "path"], name="upload_path_once")]

    def __str__(self) -> str:
        return self.path

    @property
    def part(self) -> Path:
        return self.batch.folder / "parts" / self.pk.hex

    @property
    def offset(self) -> int:
        """Bytes that are here."""
        if self.finished_at:
            return self.size
        try:
            return self.part.stat().st_size
        except FileNotFoundError:
            return 0
