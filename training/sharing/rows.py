"""What the bucket holds of shared folders: the table that says it, for all machines at once."""

from __future__ import annotations

from django.db import models


class SharedFile(models.Model):
    """One file of a folder that machines share. Rows are written when the bytes are in the bucket, never before.

    The storage name holds the SHA-256, so what it names never changes; a file that grows gets a new one each time.
    """

    folder = models.CharField(max_length=100, help_text='Below DATA_DIR, such as "runs/12".')
    name = models.CharField(max_length=255, help_text="Path in the folder, with forward slashes.")
    file = models.CharField(max_length=400, help_text="Storage name.")
    sha256 = models.CharField(max_length=64)
    size_bytes = models.PositiveBigIntegerField()

    class Meta:
        app_label = "training"
        ordering = ["folder", "name"]
        constraints = [models.UniqueConstraint(fields=["folder", "name"], name="shared_file_once")]

    def __str__(self) -> str:
        return f"{self.folder}/{self.name}"


class ReplacedFile(models.Model):
    """What no row of SharedFile names any more. Kept for a while: a backup may be about to copy it."""

    file = models.CharField(max_length=400, help_text="Storage name.")
    replaced_at = models.DateTimeField(db_index=True)

    class Meta:
        app_label = "training"

    def __str__(self) -> str:
        return self.file
