"""Tokens of the API, service accounts, and answers kept for requests that are sent twice."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from datasets.models import Dataset
from sw_site.team.audit_models import AuditEntry
from sw_site.team.invitation_models import Invitation
from sw_site.team.webhook_models import Delivery, Webhook

__all__ = ["ApiToken", "AuditEntry", "Delivery", "Invitation", "KeptAnswer", "Scope", "ServiceAccount", "Webhook"]


class Scope(models.TextChoices):
    """What a token may be used for, within what its person may do; each includes those before it."""

    READ = "read", "Read"
    LABEL = "label", "Label"
    TRAIN = "train", "Train"
    ADMIN = "admin", "Everything"

    @property
    def rank(self) -> int:
        return list(Scope).index(self)


class ServiceAccount(models.Model):
    """A user that is a program: it has roles like a person, cannot sign in, and works with tokens alone."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="service")
    purpose = models.CharField(max_length=200, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["user__username"]

    def __str__(self) -> str:
        return self.user.get_username()


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def usable(self) -> ApiTokenQuerySet:
        alive = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
        return self.filter(alive, revoked_at=None, user__is_active=True)


class ApiToken(models.Model):
    """A key to the API. The key itself is shown once; kept are its SHA-256 (of 256 random bits) and its beginning."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=100)
    begins = models.CharField(max_length=12, help_text="So that a person can tell which one they have in hand.")
    sha256 = models.CharField(max_length=64, unique=True)
    scope = models.CharField(max_length=5, choices=Scope.choices, default=Scope.READ)
    datasets = models.ManyToManyField(Dataset, blank=True, related_name="+", help_text="Empty: all of the person's.")
    is_limited = models.BooleanField(default=False, help_text="To the datasets named, even when they are deleted.")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    last_used_from = models.GenericIPAddressField(null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.name} ({self.begins}…)"

    @property
    def state(self) -> str:
        """valid, expired or revoked."""
        if self.revoked_at:
            return "revoked"
        return "expired" if self.expires_at and self.expires_at <= timezone.now() else "valid"


class KeptAnswer(models.Model):
    """What a POST with an Idempotency-Key was answered, so that the same request sent again does nothing again."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=100)
    request = models.CharField(max_length=64, help_text="SHA-256 of address and body.")
    status = models.PositiveSmallIntegerField(null=True, help_text="Null while the first request is being worked on.")
    content_type = models.CharField(max_length=100, blank=True)
    body = models.BinaryField(default=bytes)
    headers = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="one_answer_for_each_key")]

    def __str__(self) -> str:
        return self.key

    def is_older_than(self, moment: datetime) -> bool:
        return self.created_at < moment
