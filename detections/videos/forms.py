"""What a person fills in for a video."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms

from detections.video_models import VideoScan
from detections.videos.actions import start_video
from sw_site.accounts.roles import Role
from sw_site.lib.errors import UserError
from training.models import TrainedModel

if TYPE_CHECKING:
    from sw_site.accounts.models import User


class VideoForm(forms.Form):
    model = forms.ModelChoiceField(queryset=TrainedModel.objects.none(), empty_label=None)
    video = forms.FileField(
        label="Video or GIF",
        widget=forms.ClearableFileInput(attrs={"accept": "video/*,image/gif"}),
        help_text="MP4, MOV, MKV, WebM, AVI, MPEG, WMV, FLV, Ogg or GIF, of any length.",
    )
    threshold = forms.FloatField(
        label="Boxes count from a score of", initial=0.5, min_value=0.01, max_value=1, step_size=0.01
    )
    track = forms.BooleanField(
        label="Follow objects from frame to frame, so that boxes do not flicker", required=False, initial=True
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.models = TrainedModel.objects.open_to(user, Role.REVIEWER).select_related("run")
        self.fields["model"].queryset = self.models  # type: ignore[attr-defined]

    @property
    def has_models(self) -> bool:
        return self.models.exists()

    def start(self) -> VideoScan | None:
        """The queued scan; None when it was refused, with the reason among the form's errors."""
        data = self.cleaned_data
        try:
            return start_video(data["model"], data["video"], self.user, data["threshold"], data["track"])
        except UserError as error:
            self.add_error(None, error.message)
            return None
