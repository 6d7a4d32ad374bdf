"""Shapes of what people send."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from datasets.formats.detect import FORMATS
from datasets.importing.classes import parse_mapping
from datasets.importing.importer import EXISTING, ImportOptions
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
        help_text="A zip, or images together with their label files, of any format on the right.",
    )
    format = forms.ChoiceField(
        choices=[("auto", "Found out by itself"), *FORMATS.items()], required=False, label="Format of the labels"
    )
    existing = forms.ChoiceField(
        choices=list(EXISTING.items()), required=False, label="Images that have labels already"
    )
    one_based = forms.BooleanField(
        required=False,
        label="VOC coordinates count from 1",
        help_text="As in the original VOC2007. labelImg's do not: leave this off for its files.",
    )
    stored_frame = forms.BooleanField(
        required=False,
        label="Boxes of turned photos lie on them as stored",
        help_text="Only where the sizes in the files do not tell. labelImg before 2018 drew so.",
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

    def clean_format(self) -> str:
        return self.cleaned_data["format"] or "auto"

    def clean_existing(self) -> str:
        return self.cleaned_data["existing"] or "merge"

    def options(self) -> ImportOptions:
        """What was chosen, once the form is valid."""
        data = self.cleaned_data
        names = ("mapping", "label_map", "format", "existing", "one_based", "stored_frame")
        return ImportOptions(**{name: data[name] for name in names})

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
        help_text="Shares of train, val and test, in which every class is spread; or “files”, as they came.",
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


class ExportForm(forms.Form):
    format = forms.ChoiceField(choices=list(FORMATS.items()))
    version = forms.ChoiceField(required=False, help_text="A frozen version never changes.")
    pictures = forms.ChoiceField(
        choices=[("", "Labels only"), ("images", "The upright pictures"), ("originals", "The files as they came")],
        required=False,
        help_text="TFRecords always hold their pictures.",
    )

    def __init__(self, dataset: Dataset, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        numbers = dataset.versions.order_by("-number").values_list("number", flat=True)
        field = self.fields["version"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - for the type checker
        field.choices = [("", "The labels as they are now"), *((str(n), f"Version {n}") for n in numbers)]

    @property
    def number(self) -> int | None:
        """The version asked for, once the form is valid."""
        return int(self.cleaned_data["version"]) if self.cleaned_data["version"] else None
