"""Shapes of what people send."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from datasets.importing.classes import parse_mapping
from datasets.models import Dataset
from datasets.versions.freeze import parse_fractions
from sw_site.lib.errors import UserError


class DatasetForm(forms.ModelForm):
    class Meta:
        model = Dataset
        fields = ["name", "description"]
        widgets = {"description": forms.Textarea(attrs={"rows": 3})}
        help_texts = {"name": "For example “Droids in the desert”.", "description": "What is on the photos, and why."}


class ManyFiles(forms.ClearableFileInput):
    allow_multiple_selected = True


class ManyFilesField(forms.FileField):
    """Several files in one field; cleaned to a list."""

    widget = ManyFiles

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        files = (data if isinstance(data, list | tuple) else [data]) or [None]
        return [super(ManyFilesField, self).clean(file, initial) for file in files]


class ImportForm(forms.Form):
    files: Any = ManyFilesField(
        label="Photos and labels",
        help_text="A zip, or images together with their labelImg XML files. What cannot be used is listed afterwards.",
    )
    mapping = forms.CharField(
        label="Rename classes",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "placeholder": "bb8=BB-8\nr2-d2=R2-D2"}),
        help_text="One OLD=NEW per line.",
    )
    label_map = forms.FileField(
        label="Label map",
        required=False,
        help_text="The classes, as a .pbtxt. Names that differ in case or punctuation only are matched.",
    )

    def clean_mapping(self) -> dict[str, str]:
        try:
            return parse_mapping([line for line in self.cleaned_data["mapping"].splitlines() if line.strip()])
        except UserError as error:
            raise forms.ValidationError(error.message) from error

    def clean_label_map(self) -> str:
        file = self.cleaned_data["label_map"]
        if not file:
            return ""
        if file.size > 1024 * 1024:
            raise forms.ValidationError("A label map is a short text; this file is larger than 1 MB.")
        try:
            return file.read().decode("utf-8")
        except UnicodeDecodeError as error:
            raise forms.ValidationError(
                "This file is not a text in UTF-8. Choose the .pbtxt of the label map."
            ) from error


class VersionForm(forms.Form):
    name = forms.CharField(max_length=100, required=False, help_text="For you; the number is given by the site.")
    split = forms.CharField(
        initial="0.7,0.15,0.15",
        help_text="Shares of train, val and test, in which every class is spread; or “files”: the splits that came along.",
    )
    seed = forms.IntegerField(
        initial=1, min_value=0, max_value=2**31 - 1, help_text="The same seed deals the same split."
    )
    shots_together = forms.BooleanField(
        initial=True,
        required=False,
        label="Keep pictures of one shot together",
        help_text="Frames of one scene in train and in test would make the model look better than it is.",
    )

    def clean_split(self) -> tuple[float, ...]:
        try:
            return parse_fractions(self.cleaned_data["split"])
        except UserError as error:
            raise forms.ValidationError(error.message) from error
