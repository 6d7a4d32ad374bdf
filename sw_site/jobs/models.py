"""The Job row: what people see of background work, whichever engine runs it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone

from sw_site.accounts.roles import Role

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from sw_site.accounts.models import User

LOG_LIMIT = 20_000
#: What the apps add: a condition on jobs for a person and the role they need in what the job belongs to.
SHARED: list[Callable[[User, Role], models.Q]] = []


class JobState(models.TextChoices):
    QUEUED = "queued", "Waiting"
    RUNNING = "running", "Running"
    SUCCEEDED = "succeeded", "Done"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


class JobQuerySet(models.QuerySet["Job"]):
    def active(self) -> JobQuerySet:
        return self.filter(state__in=[JobState.QUEUED, JobState.RUNNING])

    def lost(self) -> JobQuerySet:
        """Running jobs that have not been heard of for longer than the limit, if the clocks are right."""
        limit = timezone.now() - timedelta(seconds=settings.JOB_LOST_AFTER_SECONDS)
        return self.filter(state=JobState.RUNNING, heartbeat__lt=limit)

    def visible_to(self, user: User | AnonymousUser) -> JobQuerySet:
        """Jobs a person may see: their own, and those of what they may see."""
        return self.open_to(user, Role.VIEWER)

    def open_to(self, user: User | AnonymousUser, role: Role) -> JobQuerySet:
        """Jobs of the person's own, and of datasets in which they have this role; administrators have all."""
        if not user.is_authenticated:
            return self.none()
        if user.is_staff and user.only_datasets is None:
            return self
        theirs = models.Q(user=user.pk)
        for jobs_of in SHARED:
            theirs |= jobs_of(user, role)
        return self.filter(theirs)

    def claim(self, pk: int, worker: str) -> bool:
        """Take a queued job; False when somebody else (or a cancel) was quicker. Safe against duplicate delivery."""
        now = timezone.now()
        latest = Job.objects.filter(turn__gt=0).order_by("-turn").values("turn")[:1]
        taken = self.filter(pk=pk, state=JobState.QUEUED).update(
            state=JobState.RUNNING,
            worker=worker,
            turn=Coalesce(models.Subquery(latest), 0) + 1,
            started_at=now,
            heartbeat=now,
            attempt=models.F("attempt") + 1,
        )
        return taken == 1


class Job(models.Model):
    """One piece of background work.

    States: queued -> running -> succeeded | failed | cancelled; queued -> cancelled;
    running -> queued again when its worker died or was stopped and attempts are left.
    Every change of state is a conditional update, so that web and workers never overwrite each other.
    """

    kind = models.CharField(max_length=40)
    title = models.CharField(max_length=200)
    handler = models.CharField(max_length=200, help_text="Dotted path of the function that does the work.")
    payload = models.JSONField(default=dict)
    queue = models.CharField(max_length=32, default="default")
    state = models.CharField(max_length=12, choices=JobState.choices, default=JobState.QUEUED)
    progress = models.FloatField(default=0.0, help_text="0 to 1.")
    message = models.CharField(max_length=300, blank=True)
    log = models.TextField(blank=True)
    error = models.TextField(blank=True, help_text="What went wrong and what to do, for the person who started it.")
    result = models.JSONField(null=True, blank=True)
    subject_url = models.CharField(max_length=200, blank=True, help_text="The page this work belongs to.")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    worker = models.CharField(max_length=100, blank=True)
    host = models.CharField(max_length=100, blank=True, help_text="The only machine that may take it; empty for any.")
    attempt = models.PositiveIntegerField(default=0)
    max_attempts = models.PositiveIntegerField(default=2)
    priority = models.SmallIntegerField(default=0, help_text="-100 to 100; of those waiting, the higher goes first.")
    turn = models.PositiveBigIntegerField(default=0, help_text="Counts up with each job taken; 0 before that.")
    submitted_at = models.DateTimeField(
        null=True, blank=True, help_text="When workers were told of it; empty while its maker keeps it to itself."
    )
    cancel_requested = models.BooleanField(default=False)
    heartbeat = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["state", "heartbeat"]),
            models.Index(fields=["kind", "state"]),
            models.Index(fields=["state", "queue", "priority"]),
            models.Index(fields=["turn"]),
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.get_state_display()})"

    def get_absolute_url(self) -> str:
        return reverse("jobs:job-detail", args=[self.pk])

    @property
    def is_active(self) -> bool:
        return self.state in (JobState.QUEUED, JobState.RUNNING)

    @property
    def percent(self) -> int:
        return round(100 * self.progress)

    @property
    def seconds(self) -> float | None:
        """How long it has run, in seconds; None before it starts."""
        if self.started_at is None:
            return None
        return ((self.finished_at or timezone.now()) - self.started_at).total_seconds()

    def request_cancel(self) -> None:
        """A waiting job ends at once; a running one is asked to stop and does so at its next safe point."""
        now = timezone.now()
        queued = Job.objects.filter(pk=self.pk, state=JobState.QUEUED)
        if not queued.update(state=JobState.CANCELLED, cancel_requested=True, finished_at=now):
            Job.objects.filter(pk=self.pk, state=JobState.RUNNING).update(cancel_requested=True)
        self.refresh_from_db()

    def finish(self, state: JobState, **values: object) -> bool:
        """Move from running to an end state; False when the row was no longer running (reaped, for example)."""
        values |= {"state": state, "finished_at": timezone.now()}
        done = Job.objects.filter(pk=self.pk, state=JobState.RUNNING, attempt=self.attempt).update(**values)
        self.refresh_from_db()
        return done == 1


class Worker(models.Model):
    """A process that takes jobs, as it reported itself last. The machine's figures are in `reading`."""

    name = models.CharField(max_length=100, unique=True, help_text="Machine and number of the process.")
    host = models.CharField(max_length=100)
    queues = models.JSONField(default=list)
    reading = models.JSONField(default=dict)
    started_at = models.DateTimeField(auto_now_add=True)
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name

    @property
    def is_alive(self) -> bool:
        from sw_site.jobs.workers import alive_after

        return bool(self.seen_at > timezone.now() - alive_after())


class ScheduledWork(models.Model):
    """When a piece of work that comes back was last started."""

    name = models.CharField(max_length=100, unique=True)
    last_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
