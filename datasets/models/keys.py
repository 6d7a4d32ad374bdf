"""The keys that a person has given to the commands of the editor and the review desk."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class EditorKeys(models.Model):
    """What a person changed: a command and its keys, like {"draw": ["r", "shift+d"]}. No row: the site's keys."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="editor_keys")
    changed = models.JSONField(default=dict)

    class Meta:
        verbose_name_plural = "editor keys"

    def __str__(self) -> str:
        return f"Keys of {self.user}"
