"""A video or GIF that a model looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.urls import reverse

from datasets.models import Dataset
from sw_site.accounts.roles import Role
from sw_site.jobs.models import Job
from training.models import TrainedModel

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from sw_site.accounts.models import User


class Sound(models.TextChoices):
    UNKNOWN = "", ""
    KEPT = "kept", "The sound is kept."
    NONE = "none", "The video has no sound."
    NO_PROGRAM = "no_program", "Sound is not kept: for that the program ffmpeg has to be installed on the server."
    FAILED = "failed", "The sound could not be put under the copy with boxes, so that is silent."


class VideoQuerySet(models.QuerySet["VideoScan"]):
    def visible_to(self, user: User | AnonymousUser) -> VideoQuerySet:
        return self.open_to(user, Role.VIEWER)

    def open_to(self, user: User | AnonymousUser, role: Role) -> VideoQuerySet:
        return self.filter(model__run__version__dataset__in=Dataset.objects.open_to(user, role))


class VideoScan(models.Model):
    """A model run over every frame of a video; `summary` is what detections.videos.scan says at its end."""

    model = models.ForeignKey(TrainedModel, on_delete=models.PROTECT, related_name="videos")
    file_name = models.CharField(max_length=255)
    file = models.CharField(max_length=200, help_text="Storage name of the video as it came.")
    threshold = models.FloatField(default=0.5)
    track = models.BooleanField(default=True)
    job = models.OneToOneField(Job, null=True, blank=True, on_delete=models.SET_NULL, related_name="video_scan")
    summary = models.JSONField(default=dict)
    annotated = models.CharField(max_length=200, blank=True, help_text="Storage name of the copy with boxes.")
    boxes_file = models.CharField(max_length=200, blank=True, help_text="Storage name; a line of JSON a frame.")
    sound = models.CharField(max_length=10, choices=Sound.choices, blank=True, default=Sound.UNKNOWN)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = VideoQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.file_name} by {self.model}"

    def get_absolute_url(self) -> str:
        return reverse("detections:video-detail", args=[self.pk])
