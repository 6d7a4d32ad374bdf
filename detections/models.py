"""What a trained model says about images, and how right it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.urls import reverse

from datasets.models import Dataset, DatasetVersion
from sw_site.accounts.roles import Role
from sw_site.jobs.models import Job
from training.models import TrainedModel

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from sw_site.accounts.models import User


class BatchSource(models.TextChoices):
    VERSION = "version", "A version's split"
    FILTER = "filter", "Photos of a dataset"
    UPLOAD = "upload", "Uploaded images"
    FOLDER = "folder", "A folder on the server"


class BatchQuerySet(models.QuerySet["DetectionBatch"]):
    def visible_to(self, user: User | AnonymousUser) -> BatchQuerySet:
        return self.open_to(user, Role.VIEWER)

    def open_to(self, user: User | AnonymousUser, role: Role) -> BatchQuerySet:
        return self.filter(model__run__version__dataset__in=Dataset.objects.open_to(user, role))


class DetectionBatch(models.Model):
    """A model run over a set of images; detections below `min_score` are not kept."""

    model = models.ForeignKey(TrainedModel, on_delete=models.PROTECT, related_name="batches")
    source = models.CharField(max_length=8, choices=BatchSource.choices)
    version = models.ForeignKey(DatasetVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="batches")
    split = models.CharField(max_length=5, blank=True)
    dataset = models.ForeignKey(Dataset, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    query = models.CharField(max_length=1000, blank=True, help_text="The filter of the dataset's images.")
    folder = models.CharField(max_length=500, blank=True)
    min_score = models.FloatField(default=0.05)
    job = models.OneToOneField(Job, null=True, blank=True, on_delete=models.SET_NULL, related_name="detection_batch")
    done = models.PositiveIntegerField(default=0, help_text="Images dealt with; work that was stopped goes on there.")
    problems = models.JSONField(default=list, help_text="Files that could not be used: [{file, code, message}].")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = BatchQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.model} on {self.get_source_display().lower()}"

    def get_absolute_url(self) -> str:
        return reverse("detections:batch-detail", args=[self.pk])


class DetectionImage(models.Model):
    """One image of a batch; `file` is a storage name (the dataset's own file when it came from a version)."""

    batch = models.ForeignKey(DetectionBatch, on_delete=models.CASCADE, related_name="images")
    image_id = models.PositiveBigIntegerField(null=True, blank=True, help_text="datasets.Image it came from, if any.")
    file_name = models.CharField(max_length=255)
    file = models.CharField(max_length=200)
    original = models.CharField(max_length=200, blank=True, help_text="Storage name of an upload as it came.")
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()

    class Meta:
        ordering = ["batch_id", "pk"]

    def __str__(self) -> str:
        return self.file_name


class Detection(models.Model):
    """One predicted box: absolute pixel edges, score 0 to 1, class by label map id."""

    image = models.ForeignKey(DetectionImage, on_delete=models.CASCADE, related_name="detections")
    class_id = models.PositiveIntegerField()
    score = models.FloatField()
    x1 = models.FloatField()
    y1 = models.FloatField()
    x2 = models.FloatField()
    y2 = models.FloatField()

    class Meta:
        ordering = ["image_id", "-score"]

    def __str__(self) -> str:
        return f"{self.class_id} {self.score:.2f}"


class EvaluationQuerySet(models.QuerySet["Evaluation"]):
    def visible_to(self, user: User | AnonymousUser) -> EvaluationQuerySet:
        return self.open_to(user, Role.VIEWER)

    def open_to(self, user: User | AnonymousUser, role: Role) -> EvaluationQuerySet:
        return self.filter(version__dataset__in=Dataset.objects.open_to(user, role))


class Labels(models.TextChoices):
    FROZEN = "frozen", "as frozen"
    CURRENT = "current", "as they are now"


class Evaluation(models.Model):
    """A model measured on one split of a version.

    `labels` says what the boxes were compared with: those frozen in the version, or those its images have now. The
    boxes themselves, true and predicted, lie in `boxes_file` (a storage name, see detections.metrics.table).
    """

    model = models.ForeignKey(TrainedModel, on_delete=models.PROTECT, related_name="evaluations")
    version = models.ForeignKey(DatasetVersion, on_delete=models.PROTECT, related_name="evaluations")
    split = models.CharField(max_length=5)
    mapping = models.JSONField(default=dict, help_text="Class of the model (id) to class of the version (id or null).")
    labels = models.CharField(max_length=7, choices=Labels.choices, default=Labels.FROZEN)
    source = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, help_text="Whose predictions were measured again."
    )
    job = models.OneToOneField(Job, null=True, blank=True, on_delete=models.SET_NULL, related_name="evaluation")
    ap = models.FloatField(null=True, blank=True)
    ap50 = models.FloatField(null=True, blank=True)
    figures = models.JSONField(default=dict, help_text="All figures: see detections.metrics.")
    boxes_file = models.CharField(max_length=200, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = EvaluationQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.model} on {self.version} {self.split}"

    def get_absolute_url(self) -> str:
        return reverse("detections:evaluation-detail", args=[self.pk])

    @property
    def class_names(self) -> dict[int, str]:
        """The classes that were measured; empty until there are figures."""
        return {row["class_id"]: row["name"] for row in self.figures.get("per_class", [])}


# Here because Django looks for an app's models in this module.
from detections.mistake_models import FoldRun, MistakeSearch, Suspicion  # noqa: E402, F401
from detections.video_models import VideoScan  # noqa: E402, F401
