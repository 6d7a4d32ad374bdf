"""Where an image came from, when it was not simply a file that somebody sent."""

from __future__ import annotations

import hashlib

from django.db import models

from datasets.models.image import Image


class OriginKind(models.TextChoices):
    URL = "url", "Address"
    VIDEO = "video", "Video"


class ImageOrigin(models.Model):
    """An address that an image was fetched from, or its place in a video. The same bytes may have several.

    `digest` tells sources apart: of a video the SHA-256 of its bytes (its frames are one group for splits), of an
    address that of its text.
    """

    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="origins")
    kind = models.CharField(max_length=5, choices=OriginKind.choices)
    source = models.CharField(max_length=2000, help_text="The address, or the file name of the video.")
    digest = models.CharField(max_length=64)
    frame = models.PositiveIntegerField(default=0, help_text="Number of the frame in its video, from 0.")
    seconds = models.FloatField(null=True, blank=True, help_text="Time of the frame in its video.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["image_id", "pk"]
        constraints = [models.UniqueConstraint(fields=["image", "digest", "frame"], name="image_origin_once")]

    def __str__(self) -> str:
        if self.kind == OriginKind.VIDEO:
            at = "" if self.seconds is None else f" at {self.seconds:.2f} s"
            return f"{self.source}, frame {self.frame:,}{at}"
        return self.source


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
