"""One line of the history of something people and the site do things with: what was done, and by whom."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class HistoryLine(models.Model):
    """What every history has; the row it belongs to is added by each. Without a user the site did it by itself."""

    kind = models.CharField(max_length=20, help_text="What was done, in a word, such as started, mended or alias.")
    message = models.CharField(max_length=500)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.message
