"""Links by which people come to the site without an open registration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils import timezone

from datasets.models import Dataset
from sw_site.accounts.roles import MEMBER_ROLES, Role

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from sw_site.accounts.models import User


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def managed_by(self, user: User | AnonymousUser) -> InvitationQuerySet:
        """Those a person may see and take back: all for administrators, of their datasets for managers."""
        if user.is_authenticated and user.is_staff and user.only_datasets is None:
            return self
        return self.filter(dataset__in=Dataset.objects.open_to(user, Role.MANAGER))

    def open(self) -> InvitationQuerySet:
        return self.filter(used_at=None, revoked_at=None, expires_at__gt=timezone.now())


class Invitation(models.Model):
    """A link that makes one account, or one membership. Its key is shown once; kept is its SHA-256 (256 bits)."""

    email = models.EmailField(blank=True, help_text="Where the link was sent; empty when somebody passed it on.")
    dataset = models.ForeignKey(Dataset, null=True, blank=True, on_delete=models.CASCADE, related_name="invitations")
    role = models.PositiveSmallIntegerField(choices=[(role.value, role.label) for role in MEMBER_ROLES], default=10)
    sha256 = models.CharField(max_length=64, unique=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    used_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"Invitation to {self.dataset.name if self.dataset else 'the site'}"

    @property
    def as_role(self) -> Role:
        return Role(self.role)

    @property
    def state(self) -> str:
        if self.used_at:
            return "used"
        if self.revoked_at:
            return "taken back"
        return "open" if self.expires_at > timezone.now() else "expired"
