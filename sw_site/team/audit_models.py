"""The audit trail: who did what, when, and from where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from datasets.models import Dataset
from sw_site.accounts.roles import Role

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from sw_site.accounts.models import User


class Via(models.TextChoices):
    PAGE = "page", "Page"
    API = "api", "API"
    COMMAND = "command", "Command"
    SIGN_IN = "sign-in", "Sign-in"


class AuditQuerySet(models.QuerySet["AuditEntry"]):
    def visible_to(self, user: User | AnonymousUser) -> AuditQuerySet:
        """Administrators see all, managers what was done in their datasets."""
        if user.is_authenticated and user.is_staff and user.only_datasets is None:
            return self
        return self.filter(dataset__in=Dataset.objects.open_to(user, Role.MANAGER))

    def matching(
        self, text: str = "", person: str = "", dataset: str = "", via: str = "", since: Any = None, until: Any = None
    ) -> AuditQuerySet:
        """Those that fit all that is said; `since` and `until` are days, both included."""
        rows = self
        if text:
            in_words = Q(summary__icontains=text) | Q(action__icontains=text) | Q(who__icontains=text)
            rows = rows.filter(in_words | Q(dataset_name__icontains=text) | Q(address=text))
        named = {"who": person, "dataset__slug": dataset, "via": via, "at__date__gte": since, "at__date__lte": until}
        return rows.filter(**{name: value for name, value in named.items() if value})


class AuditEntry(models.Model):
    """One change. Names are kept beside the rows, which may go; an entry itself is never changed."""

    at = models.DateTimeField(default=timezone.now, db_index=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    who = models.CharField(max_length=150, db_index=True)
    via = models.CharField(max_length=8, choices=Via.choices)
    action = models.CharField(max_length=120, help_text="Method and route, or the command.")
    summary = models.CharField(max_length=500, help_text="In words, as the person was told.")
    detail = models.JSONField(default=dict, help_text="What was sent, without files and secrets.")
    dataset = models.ForeignKey(Dataset, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    dataset_name = models.CharField(max_length=100, blank=True)
    token = models.CharField(max_length=120, blank=True, help_text="The token it was done with.")
    address = models.GenericIPAddressField(null=True, blank=True)

    objects = AuditQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.who}: {self.summary}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("An entry of the audit trail is never changed.")
        super().save(*args, **kwargs)
