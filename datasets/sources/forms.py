"""Shapes of what people send to import from a folder on the server, from addresses, and from videos."""

from __future__ import annotations

from typing import Any

from django import forms

from datasets.forms import ImportForm, ManyFilesField
from datasets.sources.urls import MAX_LINES, parse_list
from datasets.sources.video import FrameChoice
from sw_site.lib.errors import UserError

MAX_LIST_BYTES = 16 * 2**20


class FolderForm(ImportForm):
    """The choices of every import; the files are a folder or a zip of the server."""

    files = None
    path = forms.CharField(widget=forms.HiddenInput, max_length=4000)


class UrlForm(forms.Form):
    urls = forms.CharField(
        label="Addresses",
        required=False,
        widget=forms.Textarea(attrs={"rows": 10, "placeholder": "https://example.org/photos/1.jpg"}),
        help_text=f"One a line, {MAX_LINES:,} at most. Lines that begin with # are left out.",
    )
    list = forms.FileField(label="Or a text file of addresses", required=False)

    def clean_list(self) -> str:
        file = self.cleaned_data["list"]
        if not file:
            return ""
        if file.size > MAX_LIST_BYTES:
            raise forms.ValidationError("This list is larger than 16 MB. Split it.")
        try:
            return str(file.read().decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            raise forms.ValidationError("This file is not a text in UTF-8. Give one address a line.") from error

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        data["text"] = "\n".join([data.get("urls", ""), data.get("list") or ""])
        if not self.errors:
            try:
                parse_list(data["text"])
            except UserError as error:
                raise forms.ValidationError(error.message) from error
        return data


class VideoForm(forms.Form):
    files: Any = ManyFilesField(label="Videos", help_text="MP4, MOV, MKV, WebM, AVI, MPEG, WMV, FLV or Ogg.")
    every = forms.FloatField(label="One image every", initial=1, min_value=0.01, max_value=1_000_000)
    unit = forms.ChoiceField(label="Of what", choices=[("seconds", "seconds"), ("frames", "frames")], initial="seconds")
    keep_alike = forms.BooleanField(
        label="Keep near-identical frames, too",
        required=False,
        help_text="Otherwise a frame is left out when it shows nothing that one of the last ones does not.",
    )

    def __init__(self, *args: Any, of_server: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if of_server:
            del self.fields["files"]

    def clean(self) -> dict[str, Any]:
        if not self.errors:
            try:
                self.choice().check()
            except UserError as error:
                raise forms.ValidationError(error.message) from error
        return self.cleaned_data

    def choice(self) -> FrameChoice:
        """Which frames are wanted, once the fields are valid."""
        data = self.cleaned_data
        by_frames = data["unit"] == "frames"
        often = max(1, round(data["every"])) if by_frames else 0
        return FrameChoice(0.0 if by_frames else data["every"], often, data["keep_alike"])
