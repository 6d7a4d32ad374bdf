"""Runs of the engine, what they measured, and the models they left behind."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.urls import reverse

from datasets.models import Dataset, DatasetVersion
from sw_site.accounts.roles import Role
from sw_site.jobs.models import Job, JobState
from training.engine.architectures.preset import DETECTORS, EXPORTS
from training.engine.architectures.presets import PRESETS
from training.history import HistoryLine
from training.sharing.places import run_files_of
from training.sharing.rows import ReplacedFile as ReplacedFile
from training.sharing.rows import SharedFile as SharedFile

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from sw_site.accounts.models import User


class RunQuerySet(models.QuerySet["Run"]):
    def visible_to(self, user: User | AnonymousUser) -> RunQuerySet:
        return self.open_to(user, Role.VIEWER)

    def open_to(self, user: User | AnonymousUser, role: Role) -> RunQuerySet:
        return self.filter(version__dataset__in=Dataset.objects.open_to(user, role))

    def for_list(self) -> RunQuerySet:
        return self.select_related("version__dataset", "job", "created_by")


class Run(models.Model):
    """One training of one model on one frozen version. Its state is its job's state; its folder is a run directory."""

    #: Among those that wait, where somebody has counted. Not stored.
    place: int | None = None

    name = models.CharField(max_length=100)
    version = models.ForeignKey(DatasetVersion, on_delete=models.PROTECT, related_name="runs")
    config = models.JSONField(help_text="What run.json says: model, train, base, seed.")
    base_model = models.ForeignKey(
        "TrainedModel", null=True, blank=True, on_delete=models.PROTECT, related_name="children"
    )
    seed = models.PositiveIntegerField(default=1)
    steps = models.PositiveIntegerField(help_text="Steps asked for.")
    job = models.OneToOneField(Job, null=True, blank=True, on_delete=models.PROTECT, related_name="run")
    phase = models.CharField(max_length=20, blank=True, help_text="What the engine says it is doing.")
    step = models.PositiveIntegerField(default=0, help_text="Latest step seen.")
    steps_per_second = models.FloatField(null=True, blank=True)
    best_step = models.PositiveIntegerField(null=True, blank=True)
    best_ap = models.FloatField(null=True, blank=True, help_text="COCO AP on val, 0 to 1.")
    best_ap50 = models.FloatField(null=True, blank=True)
    best_per_class = models.JSONField(default=dict, help_text='At the best step: {name: {"ap", "ap50"}}.')
    events_offset = models.PositiveBigIntegerField(default=0, help_text="Bytes of events.jsonl already read.")
    continues = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="continuations",
        help_text="The run whose checkpoints this one goes on from.",
    )  # fmt: skip
    paused = models.BooleanField(default=False, help_text="Stopped to go on later, not given up.")
    finish_requested = models.BooleanField(
        default=False, db_default=False, help_text="Asked to train no further and to end well."
    )
    pinned = models.BooleanField(default=False, help_text="The disk budget takes nothing away from it.")
    device = models.CharField(max_length=20, blank=True, help_text='What it trains on: "GPU 0" or "CPU".')
    machine = models.JSONField(default=dict, help_text="The machine's latest readings: see training.machine.")
    error_code = models.CharField(max_length=40, blank=True, help_text="The engine's code of what ended it.")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = RunQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"Run {self.pk}: {self.name}"

    def get_absolute_url(self) -> str:
        return reverse("training:run-detail", args=[self.pk])

    @property
    def directory(self) -> Path:
        return Path(settings.RUNS_ROOT) / str(self.pk)

    @property
    def state(self) -> str:
        return self.job.state if self.job else JobState.QUEUED

    @property
    def is_active(self) -> bool:
        return self.state in (JobState.QUEUED, JobState.RUNNING)

    @property
    def is_paused(self) -> bool:
        return self.paused and self.state == JobState.CANCELLED

    @property
    def state_word(self) -> str:
        """The state as people say it; a paused run is not a cancelled one."""
        if self.is_paused:
            return "Paused"
        return str(self.job.get_state_display()) if self.job else "Waiting"

    def note(self, kind: str, message: str, user: User | None = None) -> RunEvent:
        """Write a line of the run's history; without a user the site did it by itself."""
        return RunEvent.objects.create(run=self, kind=kind, message=message[:500], user=user)


class RunEvent(HistoryLine):
    """One line of a run's history: what was done with it, by a person or by the site itself."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="history")


class Frame(models.Model):
    """What the model found on the same few validation photos at one evaluation: one picture of the filmstrip."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="frames")
    step = models.PositiveIntegerField()
    ap = models.FloatField(null=True, blank=True)
    ap50 = models.FloatField(null=True, blank=True)
    photos = models.JSONField(help_text="[[image id, [[x1, y1, x2, y2, label map id, score], ...]], ...] in pixels.")

    class Meta:
        ordering = ["run_id", "step"]
        constraints = [models.UniqueConstraint(fields=["run", "step"], name="frame_once")]

    def __str__(self) -> str:
        return f"{self.run} at step {self.step}"


class Metric(models.Model):
    """One measured point of a run, for example total_loss at step 120."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="metrics")
    name = models.CharField(max_length=40)
    step = models.PositiveIntegerField()
    value = models.FloatField()

    class Meta:
        ordering = ["run_id", "name", "step"]
        constraints = [models.UniqueConstraint(fields=["run", "name", "step"], name="metric_point_once")]

    def __str__(self) -> str:
        return f"{self.name}@{self.step}={self.value:g}"


class TrainedModelQuerySet(models.QuerySet["TrainedModel"]):
    def visible_to(self, user: User | AnonymousUser) -> TrainedModelQuerySet:
        return self.open_to(user, Role.VIEWER)

    def open_to(self, user: User | AnonymousUser, role: Role) -> TrainedModelQuerySet:
        return self.filter(run__version__dataset__in=Dataset.objects.open_to(user, role))

    def for_list(self) -> TrainedModelQuerySet:
        rows = self.select_related("run__version__dataset", "run__created_by")
        return rows.prefetch_related("aliases")

    def by_reference(self, text: str) -> TrainedModel:
        """The model with this number ("3" or "m3"), name, or alias ("droids@production"); raises DoesNotExist."""
        slug, at, alias = text.rpartition("@")
        if at and self.filter(run__version__dataset__slug=slug, aliases__name=alias).exists():
            return self.get(run__version__dataset__slug=slug, aliases__name=alias)
        digits = text.removeprefix("m")
        return self.get(pk=int(digits)) if digits.isdigit() else self.get(name=text)


class ModelStage(models.TextChoices):
    NEW = "new", "New"
    CHECKED = "checked", "Checked"
    RETIRED = "retired", "Retired"


class TrainedModel(models.Model):
    """A registry entry: the best checkpoint of a run, with the exported graph that detects inside the site."""

    run = models.OneToOneField(Run, on_delete=models.PROTECT, related_name="model")
    name = models.CharField(max_length=100, unique=True)
    classes = models.JSONField(help_text="Label map ids (as text) to names.")
    step = models.PositiveIntegerField(help_text="Step of the checkpoint that was kept.")
    ap = models.FloatField(null=True, blank=True, help_text="COCO AP on the version's val split, 0 to 1.")
    ap50 = models.FloatField(null=True, blank=True)
    detector_sha256 = models.CharField(max_length=64)
    size_bytes = models.PositiveBigIntegerField(help_text="Of the exported graph.")
    note = models.TextField(blank=True)
    number = models.PositiveIntegerField(default=1, help_text="Its version among the models of the dataset, from 1.")
    stage = models.CharField(max_length=10, choices=ModelStage.choices, default=ModelStage.NEW)
    tags = models.JSONField(default=list, help_text="Words, in the order they were given.")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = TrainedModelQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("training:model-detail", args=[self.pk])

    def note_event(self, kind: str, message: str, user: User | None = None) -> ModelEvent:
        """Write a line of the model's history; without a user the site did it by itself."""
        return ModelEvent.objects.create(model=self, kind=kind, message=message[:500], user=user)

    @property
    def detector_folder(self) -> Path:
        """What the site detects with: the first of the formats a run ends with that is there, ONNX if none is.

        It is brought onto this machine's disk where the site has a bucket.
        """
        files = run_files_of(self.run_id)
        folders = [files.place(f"exports/{format}") for format in DETECTORS]
        return next((folder for folder in folders if (folder / "model.json").is_file()), folders[0])

    @property
    def export_formats(self) -> list[ExportFormat]:
        """The formats that this kind of network can be written in."""
        architecture = self.run.config.get("model", {}).get("architecture", "")
        possible = PRESETS[architecture].exports if architecture in PRESETS else EXPORTS
        return [kind for kind in ExportFormat if kind in possible]

    @property
    def label_map(self) -> dict[int, str]:
        return {int(number): name for number, name in self.classes.items()}


class ModelAlias(models.Model):
    """A name that points at one model of a dataset and can be moved: "production", "candidate"."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="model_aliases")
    name = models.CharField(max_length=30)
    model = models.ForeignKey(TrainedModel, on_delete=models.PROTECT, related_name="aliases")
    moved_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    moved_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["dataset", "name"], name="alias_once_a_dataset")]

    def __str__(self) -> str:
        return f"{self.name} of {self.dataset}"


class ModelEvent(HistoryLine):
    """One line of a model's history: who did what."""

    model = models.ForeignKey(TrainedModel, on_delete=models.CASCADE, related_name="history")


class ExportFormat(models.TextChoices):
    SAVED_MODEL = "saved_model", "SavedModel"
    FROZEN_GRAPH = "frozen_graph", "Frozen graph"
    ONNX = "onnx", "ONNX"
    TFLITE = "tflite", "TFLite, 32 bit"
    TFLITE_FLOAT16 = "tflite_float16", "TFLite, 16 bit"
    TFLITE_INT8 = "tflite_int8", "TFLite, 8 bit"


class Export(models.Model):
    """One exported format of a model, compared with its checkpoint before it is called good."""

    model = models.ForeignKey(TrainedModel, on_delete=models.CASCADE, related_name="exports")
    format = models.CharField(max_length=20, choices=ExportFormat.choices)
    folder = models.CharField(max_length=200, help_text="Below the run directory.")
    size_bytes = models.PositiveBigIntegerField(default=0)
    max_box_difference = models.FloatField(null=True, blank=True)
    max_score_difference = models.FloatField(null=True, blank=True)
    ap = models.FloatField(null=True, blank=True, help_text="AP of the file itself on `split`, 0 to 1.")
    checkpoint_ap = models.FloatField(null=True, blank=True, help_text="AP of its checkpoint on the same images.")
    split = models.CharField(max_length=5, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["model_id", "format"]
        constraints = [models.UniqueConstraint(fields=["model", "format"], name="export_once")]

    def __str__(self) -> str:
        return f"{self.model} as {self.get_format_display()}"

    @property
    def path(self) -> Path:
        """Where its files lie, brought onto this machine's disk first."""
        return run_files_of(self.model.run_id).place(self.folder)

    @property
    def is_there(self) -> bool:
        return run_files_of(self.model.run_id).has(self.folder)

    @property
    def ap_change(self) -> float:
        """AP of the file less that of its checkpoint, from -1 to 1; 0 where nothing was measured."""
        return (self.ap or 0.0) - (self.checkpoint_ap or 0.0)
