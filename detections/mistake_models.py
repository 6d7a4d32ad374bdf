"""A search for label mistakes in a dataset, and what it suspects, one row each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.urls import reverse

from datasets.models import Dataset, DatasetVersion, Image, LabelClass
from datasets.review.hidden import hidden_images
from sw_site.accounts.roles import Role
from sw_site.jobs.models import Job
from training.models import Run, TrainedModel

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from sw_site.accounts.models import User


class Kind(models.TextChoices):
    MISSING = "missing", "Label missing"
    WRONG_CLASS = "wrong_class", "Wrong class"
    POOR_BOX = "poor_box", "Badly placed"
    DUPLICATE = "duplicate", "Labelled twice"
    EXTRA = "extra", "Nothing there"


class Answer(models.TextChoices):
    """What was said to a suspicion; OVERTAKEN: its labels were changed before anybody answered.

    EDITED means that the editor was opened: it is a mistake only if the label was changed (`mistakes.yields`).
    """

    OPEN = "", "Open"
    RIGHT = "right", "Label is right"
    TAKEN = "taken", "Model's taken"
    EDITED = "edited", "Edited"
    OVERTAKEN = "overtaken", "Changed meanwhile"


#: What people say.
JUDGED = (Answer.RIGHT, Answer.TAKEN, Answer.EDITED)


class SearchQuerySet(models.QuerySet["MistakeSearch"]):
    def visible_to(self, user: User | AnonymousUser) -> SearchQuerySet:
        return self.open_to(user, Role.VIEWER)

    def open_to(self, user: User | AnonymousUser, role: Role) -> SearchQuerySet:
        return self.filter(dataset__in=Dataset.objects.open_to(user, role))


class MistakeSearch(models.Model):
    """Labels of a dataset beside predictions of models that were not trained on them.

    With one `model`: images it did not train on. With `folds`: all images, by as many models as there are folds, each
    trained without the fold it predicts. The boxes as they were compared lie in `boxes_file`.
    """

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="mistake_searches")
    model = models.ForeignKey(
        TrainedModel, null=True, blank=True, on_delete=models.PROTECT, related_name="mistake_searches"
    )
    folds = models.PositiveSmallIntegerField(default=0, help_text="0: one model.")
    job = models.OneToOneField(Job, null=True, blank=True, on_delete=models.SET_NULL, related_name="mistake_search")
    summary = models.JSONField(default=dict, help_text="What was looked at: see detections.mistakes.search.")
    boxes_file = models.CharField(max_length=200, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = SearchQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        by = f"{self.folds} folds" if self.folds else str(self.model)
        return f"Label mistakes of {self.dataset} by {by}"

    def get_absolute_url(self) -> str:
        return reverse("detections:mistake-search", args=[self.pk])

    def suspicions_for(self, user: Any) -> SuspicionQuerySet:
        """Its suspicions as far as the person may see them."""
        return self.suspicions.seen_by(user, self.dataset)

    @property
    def found(self) -> int:
        """How many places were doubted."""
        return sum(self.summary.get("kinds", {}).values())


class FoldRun(models.Model):
    """One of the trainings of a search by folds: it learns from all folds but `number`, which is its val split."""

    search = models.ForeignKey(MistakeSearch, on_delete=models.CASCADE, related_name="fold_runs")
    number = models.PositiveSmallIntegerField()
    version = models.ForeignKey(DatasetVersion, on_delete=models.PROTECT, related_name="+")
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["search_id", "number"]
        constraints = [models.UniqueConstraint(fields=["search", "number"], name="fold_once")]

    def __str__(self) -> str:
        return f"Fold {self.number} of {self.search}"


class SuspicionQuerySet(models.QuerySet["Suspicion"]):
    def seen_by(self, user: Any, dataset: Dataset) -> SuspicionQuerySet:
        """Those of the dataset's that do not tell the person of a hidden check; nobody (the command line) sees all."""
        hidden = hidden_images(user, dataset).ids
        return self.exclude(image__in=hidden) if hidden else self


class Suspicion(models.Model):
    """One doubtful label, or a prediction where a label seems to be missing. `rank` 1 is the most doubtful.

    `box_id` is the label's (null where one is missing) and `was` what it was, as the label API writes it; `proposal`
    is the model's answer, {class_id (row), x1, y1, x2, y2, score}, null where the model sees no object of its own.
    `batch` is the save that an answer made, `revision` the image's number after it.
    """

    search = models.ForeignKey(MistakeSearch, on_delete=models.CASCADE, related_name="suspicions")
    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="+")
    rank = models.PositiveIntegerField()
    kind = models.CharField(max_length=11, choices=Kind.choices)
    doubt = models.FloatField(help_text="0 to 1; the higher, the more probably a mistake.")
    score = models.FloatField(null=True, blank=True, help_text="ObjectLab's score of the box, where it has one.")
    label_class = models.ForeignKey(LabelClass, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    box_id = models.UUIDField(null=True, blank=True)
    was = models.JSONField(null=True, blank=True)
    proposal = models.JSONField(null=True, blank=True)
    answer = models.CharField(max_length=9, choices=Answer.choices, blank=True, default=Answer.OPEN)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    answered_at = models.DateTimeField(null=True, blank=True)
    batch = models.UUIDField(null=True, blank=True)
    revision = models.PositiveIntegerField(null=True, blank=True)

    objects = SuspicionQuerySet.as_manager()

    class Meta:
        ordering = ["search_id", "rank"]
        indexes = [models.Index(fields=["search", "answer", "rank"], name="suspicion_queue")]
        constraints = [models.UniqueConstraint(fields=["search", "rank"], name="suspicion_rank_once")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} in {self.image}"
