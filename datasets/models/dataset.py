"""A dataset and its classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import apps
from django.conf import settings
from django.db import models
from django.db.models import Count, Q
from django.urls import reverse
from django.utils.text import slugify

from datasets.colours import class_colour
from sw_site.accounts.roles import MEMBER_ROLES, Role, team_role

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from sw_site.accounts.models import User


class DatasetQuerySet(models.QuerySet["Dataset"]):
    def visible_to(self, user: User | AnonymousUser) -> DatasetQuerySet:
        """The one door to datasets: administrators see all, others those in which they have a role."""
        return self.open_to(user, Role.VIEWER)

    def open_to(self, user: User | AnonymousUser, role: Role) -> DatasetQuerySet:
        """Datasets in which the person has at least this role."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        only = user.only_datasets
        rows = self if only is None else self.filter(pk__in=only)
        if user.is_staff:
            return rows
        member = apps.get_model("datasets", "Membership").objects.filter(user=user.pk, role__gte=role)
        return rows.filter(Q(team_role__gte=role) | Q(pk__in=member.values("dataset")))

    def for_list(self) -> DatasetQuerySet:
        labelled = Q(images__state__in=["labelled", "approved"])
        return self.annotate(image_count=Count("images"), labelled_count=Count("images", filter=labelled))


class Dataset(models.Model):
    name = models.CharField(max_length=100, unique=True)
    slug = models.SlugField(max_length=110, unique=True, editable=False)
    description = models.TextField(blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField(auto_now_add=True)
    team_role = models.PositiveSmallIntegerField(
        "everybody on the site is",
        choices=[(role.value, role.label) for role in (Role.NOBODY, *MEMBER_ROLES)],
        default=team_role,
        help_text="What people may do here who are not members.",
    )

    objects = DatasetQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: object, **kwargs: object) -> None:
        if not self.slug:
            self.slug = self._free_slug()
        is_new = self._state.adding
        super().save(*args, **kwargs)  # type: ignore[arg-type]
        if is_new and self.created_by_id:
            self.memberships.create(user_id=self.created_by_id, role=Role.MANAGER)

    def get_absolute_url(self) -> str:
        return reverse("datasets:dataset-detail", args=[self.slug])

    def role_of(self, user: User | AnonymousUser) -> Role:
        """The person's role here: the higher of their own and everybody's."""
        if not user.is_authenticated or not user.is_active:
            return Role.NOBODY
        if user.only_datasets is not None and self.pk not in user.only_datasets:
            return Role.NOBODY
        if user.is_staff or self.team_role >= Role.MANAGER:
            return Role.MANAGER
        own = self.memberships.filter(user=user.pk).values_list("role", flat=True).first()
        return Role(max(self.team_role, own or 0))

    def _free_slug(self) -> str:
        base = slugify(self.name)[:100] or "dataset"
        taken = set(Dataset.objects.filter(slug__startswith=base).values_list("slug", flat=True))
        return next(s for s in (base, *(f"{base}-{n}" for n in range(2, len(taken) + 3))) if s not in taken)

    def add_class(self, name: str, aliases: list[str] | None = None) -> LabelClass:
        """The class of this name, made with the next free number if there is none. Numbers are never used twice."""
        existing = self.classes.filter(name=name).first()
        if existing:
            return existing
        top = self.classes.aggregate(number=models.Max("number"), position=models.Max("position"))
        number = (top["number"] or 0) + 1
        position = top["position"] + 1 if top["position"] else 0  # after the others, where somebody has ordered them
        return self.classes.create(
            name=name, number=number, colour=class_colour(number), aliases=aliases or [], position=position
        )


class LabelClass(models.Model):
    """A class of objects. `number` is its label map id: from 1, stable for ever, so old models keep their meaning."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="classes")
    name = models.CharField(max_length=100)
    number = models.PositiveIntegerField(help_text="Label map id, from 1; never changed.")
    colour = models.CharField(max_length=9)
    hotkey = models.CharField(max_length=1, blank=True)
    aliases = models.JSONField(default=list, blank=True, help_text="Other names that imports map to this class.")
    retired = models.BooleanField(default=False, help_text="Offered no more; its number stays taken.")
    position = models.PositiveIntegerField(default=0, help_text="Place in lists, as people dragged it; 0 is by number.")

    class Meta:
        ordering = ["position", "number"]
        constraints = [
            models.UniqueConstraint(fields=["dataset", "name"], name="label_class_name_once"),
            models.UniqueConstraint(fields=["dataset", "number"], name="label_class_number_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="label_class_number_from_1"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def key(self) -> str:
        """The key that picks this class in the editor."""
        return self.hotkey or (str(self.number) if self.number <= 9 else "")
