"""The review desk: who did what to an image's state, notes on the photo, who works on which image, hidden checks."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from datasets.models.dataset import Dataset
from datasets.models.image import Image, ReviewState


class Work(models.TextChoices):
    """What the queue hands out."""

    LABEL = "label", "Labelling"
    REVIEW = "review", "Review"


class ReviewEvent(models.Model):
    """An image went from one review state to another: who, when, and on which revision of its boxes."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="review_events", db_index=False)
    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="review_events")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    labeller = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+",
        help_text="Whose labels were approved or returned.",
    )  # fmt: skip
    before = models.CharField(max_length=12, choices=ReviewState.choices)
    after = models.CharField(max_length=12, choices=ReviewState.choices)
    revision = models.PositiveIntegerField()
    credited = models.BooleanField(default=False, help_text="Of the events that labelled the image: the latest one.")
    seconds = models.PositiveIntegerField(
        null=True, blank=True, help_text="Since the person's last event here; empty after a pause and for bulk changes."
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-pk"]
        indexes = [
            # Progress adds up the first two without touching the rows; the queue asks for a person's last event.
            models.Index(
                fields=["dataset", "user", "labeller", "before", "after", "seconds"], name="review_event_work"
            ),
            models.Index(
                fields=["dataset", "user", "created_at", "before", "after", "seconds"], name="review_event_days"
            ),
            models.Index(
                fields=["dataset", "user", "image"], condition=models.Q(credited=True), name="review_event_boxes"
            ),
            models.Index(fields=["image", "credited", "user"], name="review_event_labeller"),
        ]

    def __str__(self) -> str:
        return f"{self.before} → {self.after}"


class ReviewNote(models.Model):
    """What a reviewer asks to be changed, pinned to a box, to a point (pixels of the upright image), or to neither."""

    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="review_notes")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    text = models.CharField(max_length=500)
    # No foreign key: the note outlives its box, and then stands where the box was.
    box = models.UUIDField(null=True, blank=True)
    x = models.FloatField(null=True, blank=True)
    y = models.FloatField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["author", "-created_at"], name="review_note_recent")]

    def __str__(self) -> str:
        return self.text


class Lease(models.Model):
    """Who has an image on the desk, until when. One row an image, so that it is never with two people."""

    image = models.OneToOneField(Image, on_delete=models.CASCADE, primary_key=True, related_name="lease")
    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    work = models.CharField(max_length=6, choices=Work.choices)
    until = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.image_id} with {self.user} until {self.until}"


class CheckSet(models.Model):
    """Images with trusted boxes that are mixed into the labelling queue, to see how alike people label."""

    dataset = models.OneToOneField(Dataset, on_delete=models.CASCADE, related_name="check_set")
    every = models.PositiveIntegerField(default=10, help_text="About one in so many images handed out is a check.")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"Check set of {self.dataset}"


class CheckImage(models.Model):
    """One image of a check set; the boxes on the image are the trusted ones."""

    check_set = models.ForeignKey(CheckSet, on_delete=models.CASCADE, related_name="items")
    image = models.OneToOneField(Image, on_delete=models.CASCADE, related_name="check_item")
    chosen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return str(self.image)


class NotMeasured(models.Model):
    """A person who is handed no checks of a set and sees its trusted boxes: by whose choice, or because all labels were
    given to them (then `chosen_by` is empty)."""

    check_set = models.ForeignKey(CheckSet, on_delete=models.CASCADE, related_name="not_measured")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    chosen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["check_set", "user"], name="not_measured_once")]

    def __str__(self) -> str:
        return f"{self.user} is not measured by {self.check_set}"


class CheckAnswer(models.Model):
    """What a person drew on an image of the check set, kept apart from its trusted boxes."""

    item = models.ForeignKey(CheckImage, on_delete=models.CASCADE, related_name="answers")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    boxes = models.JSONField(default=list, help_text="As the label API writes them.")
    negative = models.BooleanField(default=False)
    verified = models.BooleanField(default=False)
    revision = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["item", "user"], name="check_answer_once")]

    def __str__(self) -> str:
        return f"{self.user} on {self.item}"

    @property
    def is_given(self) -> bool:
        return bool(self.boxes) or self.negative
