"""What a person fills in for a batch or an evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from datasets.forms import ManyFiles, ManyFilesField
from datasets.models import Dataset, DatasetVersion
from datasets.models.version import SPLITS
from detections import actions
from detections.classes import ClassesDiffer, likely
from detections.evaluation import read_manifest_of
from detections.models import BatchSource, DetectionBatch, Evaluation
from sw_site.accounts.roles import Role
from sw_site.lib.errors import UserError
from training.models import TrainedModel

if TYPE_CHECKING:
    from sw_site.accounts.models import User

SPLIT_WORDS = {"train": "Train", "val": "Val", "test": "Test"}
SPLIT_CHOICES = [(split, SPLIT_WORDS[split]) for split in SPLITS]


class VersionField(forms.ModelChoiceField):
    def label_from_instance(self, version: Any) -> str:
        images = [f"{version.counts[split]['images']} {split}" for split in SPLITS]
        return f"{version} ({', '.join(images)} images)"


class ModelForm(forms.Form):
    """A model and a version that the person may see."""

    model = forms.ModelChoiceField(queryset=TrainedModel.objects.none(), empty_label=None)
    version = VersionField(queryset=DatasetVersion.objects.none(), empty_label=None)
    split = forms.ChoiceField(choices=SPLIT_CHOICES, initial="val")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        models = TrainedModel.objects.visible_to(user).select_related("run")
        versions = DatasetVersion.objects.open_to(user, Role.REVIEWER).select_related("dataset").order_by("-pk")
        self.fields["model"].queryset = models  # type: ignore[attr-defined]
        self.fields["version"].queryset = versions  # type: ignore[attr-defined]
        self.choose_version_of_model(models)

    def choose_version_of_model(self, models: Any) -> None:
        """The version a model was trained on is the likely one."""
        chosen = str(self.initial.get("model") or "")
        model = models.filter(pk=int(chosen)).first() if chosen.isdecimal() and len(chosen) < 12 else None
        if model and not self.initial.get("version"):
            self.initial["version"] = model.run.version_id

    @property
    def has_models(self) -> bool:
        return self.fields["model"].queryset.exists()  # type: ignore[attr-defined]


class EvaluationForm(ModelForm):
    """Asks once more, with `questions`, when the model has classes the version does not."""

    questions: Sequence[ClassQuestion] = ()

    def start(self) -> Evaluation | None:
        """The queued evaluation; None when it was refused, with the reason among the form's errors."""
        data = self.cleaned_data
        try:
            mapping = self.mapping(data["model"], data["version"])
            return actions.start_evaluation(data["model"], data["version"], data["split"], self.user, mapping)
        except UserError as error:
            self.add_error(None, error.message)
            if isinstance(error, ClassesDiffer):
                self.questions = class_questions(data["model"], data["version"])
            return None

    @property
    def asked_for(self) -> str:
        """Which model and version the questions are about; answers to others do not count."""
        return f"{self.cleaned_data['model'].pk}-{self.cleaned_data['version'].pk}"

    def mapping(self, model: TrainedModel, version: DatasetVersion) -> dict[int, int | None] | None:
        """What was answered, None when nothing was asked. Raises UserError for an answer that is no class."""
        if self.data.get("asked_for") != self.asked_for:
            return None
        classes = read_manifest_of(version).classes
        answers: dict[int, int | None] = {}
        for question in class_questions(model, version):
            answer = self.data.get(question.field, "")
            if answer and answer not in map(str, classes):
                raise UserError("unknown_class", f"Choose one of the version's classes for {question.name}.")
            answers[question.number] = int(answer) if answer else None
        return answers


@dataclass(frozen=True)
class ClassQuestion:
    """Which class of the version is the model's class `name`? `likely` is the one that is called nearly so."""

    number: int
    name: str
    choices: tuple[tuple[int, str], ...]
    likely: int | None

    @property
    def field(self) -> str:
        return f"class-{self.number}"


def class_questions(model: TrainedModel, version: DatasetVersion) -> list[ClassQuestion]:
    classes = read_manifest_of(version).classes
    return [
        ClassQuestion(number, name, tuple(classes.items()), likely(name, classes))
        for number, name in model.label_map.items()
        if name not in classes.values()
    ]


#: The fields each source needs; those of the other sources are not looked at.
FIELDS_OF = {
    BatchSource.VERSION: ("version", "split"),
    BatchSource.FILTER: ("dataset", "query"),
    BatchSource.UPLOAD: ("images",),
    BatchSource.FOLDER: ("folder",),
}
NO_IMAGES = "Choose at least one image."


class BatchForm(ModelForm):
    use_required_attribute = False  # a browser would insist on fields of sources that were not chosen

    source = forms.ChoiceField(
        label="Images", choices=BatchSource.choices, initial=BatchSource.VERSION, widget=forms.RadioSelect
    )
    dataset = forms.ModelChoiceField(
        queryset=Dataset.objects.none(), empty_label=None, error_messages={"required": "Choose a dataset."}
    )
    query = forms.CharField(
        label="Filter",
        required=False,
        max_length=1000,
        help_text="What stands after the question mark of the grid's address: state=unlabelled. Empty is every photo.",
    )
    images = ManyFilesField(
        label="Upload",
        widget=ManyFiles(attrs={"accept": "image/*"}),
        error_messages={"required": NO_IMAGES},
        help_text="JPEG, PNG, WebP, BMP, GIF or TIFF. Files that cannot be read are listed afterwards.",
    )
    folder = forms.CharField(
        label="Folder",
        max_length=500,
        error_messages={"required": "Name a folder."},
        help_text="Whole path on the server; folders below it are searched too.",
    )

    field_order = ["model", "source", "version", "split", "dataset", "query", "images", "folder"]

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, user=user, **kwargs)
        self.fields["version"].error_messages["required"] = "Choose a version."
        self.fields["dataset"].queryset = Dataset.objects.open_to(user, Role.REVIEWER)  # type: ignore[attr-defined]
        if not user.is_staff:
            del self.fields["folder"]
            choices = [choice for choice in BatchSource.choices if choice[0] != BatchSource.FOLDER]
            self.fields["source"].choices = choices  # type: ignore[attr-defined]

    def clean_images(self) -> list[UploadedFile]:
        if not self.cleaned_data["images"]:
            raise forms.ValidationError(NO_IMAGES)
        return self.cleaned_data["images"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for source, names in FIELDS_OF.items():
            if source != cleaned.get("source"):
                for name in names:
                    self.errors.pop(name, None)
        return cleaned

    def start(self) -> DetectionBatch | None:
        """The queued batch; None when it was refused, with the reason among the form's errors."""
        try:
            return self.start_batch()
        except UserError as error:
            self.add_error(None, error.message)
            return None

    def start_batch(self) -> DetectionBatch:
        data = self.cleaned_data
        if data["source"] == BatchSource.UPLOAD:
            return actions.start_upload_batch(data["model"], data["images"], self.user)
        if data["source"] == BatchSource.FILTER:
            return actions.start_filter_batch(data["model"], data["dataset"], data["query"], self.user)
        if data["source"] == BatchSource.FOLDER:
            return actions.start_folder_batch(data["model"], data["folder"], self.user)
        return actions.start_version_batch(data["model"], data["version"], data["split"], self.user)
