"""Who may do what in a dataset."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from datasets.models.dataset import Dataset
from sw_site.accounts.roles import MEMBER_ROLES, Role


class Membership(models.Model):
    """A person's role in a dataset. What `Dataset.team_role` gives everybody comes on top: the higher counts."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.PositiveSmallIntegerField(choices=[(role.value, role.label) for role in MEMBER_ROLES])
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["user__username"]
        constraints = [models.UniqueConstraint(fields=["dataset", "user"], name="one_role_for_each_person")]

    def __str__(self) -> str:
        return f"{self.user} is {self.as_role.word} of {self.dataset}"

    @property
    def as_role(self) -> Role:
        return Role(self.role)
