"""Who has an image open."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils import timezone

from datasets.models.image import Image

if TYPE_CHECKING:
    from sw_site.accounts.models import User

#: An editor says every few seconds that it is there; one that was silent for longer has gone.
SILENT = timedelta(seconds=25)


class Presence(models.Model):
    """A person who has an image open in the editor, and when their browser last said so."""

    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="presences")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["image", "user"], name="presence_once")]
        indexes = [models.Index(fields=["seen_at"], name="presence_seen")]

    def __str__(self) -> str:
        return f"{self.user} at {self.image}"


def arrive(image: Image, user: User) -> list[str]:
    """Note that the person is there; gives the names of the others who are. Rows of those who left go by the way."""
    now = timezone.now()
    Presence.objects.update_or_create(image=image, user=user, defaults={"seen_at": now})
    Presence.objects.filter(seen_at__lt=now - 10 * SILENT).delete()
    others = Presence.objects.filter(image=image, seen_at__gte=now - SILENT).exclude(user=user).select_related("user")
    return [other.user.get_full_name() or other.user.get_username() for other in others.order_by("user_id")]


def leave(image: Image, user: User) -> None:
    Presence.objects.filter(image=image, user=user).delete()
