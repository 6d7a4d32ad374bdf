"""Asking which class of a dataset each of a model's classes is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms

from datasets.models import Dataset
from detections.classes import ClassesDiffer, likely
from detections.label_next import DEFAULT_COUNT, MOST
from detections.prelabel import DEFAULT_THRESHOLD
from detections.targets import Answers, classes_of, strangers
from sw_site.accounts.roles import Role
from sw_site.lib.errors import UserError
from training.models import TrainedModel

if TYPE_CHECKING:
    from sw_site.accounts.models import User

NEW = "new"


@dataclass(frozen=True)
class TargetQuestion:
    """Which class of the dataset is the model's class `name`? `chosen` is what the form has selected."""

    number: int
    name: str
    choices: tuple[tuple[int, str], ...]
    chosen: str

    @property
    def field(self) -> str:
        return f"class-{self.number}"


def target_questions(model: TrainedModel, dataset: Dataset) -> list[TargetQuestion]:
    """One for each class the dataset lacks; the likeliest answer is chosen, and in an empty dataset a new class."""
    classes = classes_of(dataset)
    usual = "" if classes else NEW
    return [
        TargetQuestion(number, name, tuple(classes.items()), str(likely(name, classes) or usual))
        for number, name in strangers(model, dataset).items()
    ]


class TargetForm(forms.Form):
    """A threshold and a model whose boxes go to a dataset; asks once more, with `questions`, when classes differ."""

    threshold = forms.FloatField(
        min_value=0,
        max_value=1,
        initial=DEFAULT_THRESHOLD,
        label="Least score",
        help_text="Boxes the model is less sure of are left out.",
        widget=forms.NumberInput(attrs={"step": "0.05"}),
    )
    also_labelled = forms.BooleanField(
        required=False,
        label="Also photos that have labels",
        help_text="Only boxes that no label covers are proposed there. Verified and approved photos are left alone.",
    )
    questions: Sequence[TargetQuestion] = ()
    asked_for = ""

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def asked_about(self, model: TrainedModel, dataset: Dataset) -> str:
        """Which model and dataset the questions are about; answers to others do not count."""
        return f"{model.pk}-{dataset.pk}"

    def refuse(self, error: UserError, model: TrainedModel, dataset: Dataset) -> None:
        """Say why not; when it is about classes, ask."""
        self.add_error(None, error.message)
        if isinstance(error, ClassesDiffer):
            self.questions = target_questions(model, dataset)
            self.asked_for = self.asked_about(model, dataset)

    def answers(self, model: TrainedModel, dataset: Dataset) -> Answers:
        """What was answered. Raises UserError for an answer that is no class."""
        if self.data.get("asked_for") != self.asked_about(model, dataset):
            return Answers()
        mapping: dict[int, int | None] = {}
        new: list[int] = []
        for question in target_questions(model, dataset):
            answer = self.data.get(question.field, "")
            if answer == NEW:
                new.append(question.number)
            elif answer and answer not in map(str, classes_of(dataset)):
                raise UserError("unknown_class", f"Choose one of the dataset's classes for {question.name}.")
            else:
                mapping[question.number] = int(answer) if answer else None
        return Answers(mapping, new)


class PrelabelForm(TargetForm):
    model = forms.ModelChoiceField(queryset=TrainedModel.objects.none(), empty_label=None)
    field_order = ["model", "threshold", "also_labelled"]

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, user=user, **kwargs)
        rows = TrainedModel.objects.visible_to(user).select_related("run")
        self.fields["model"].queryset = rows  # type: ignore[attr-defined]

    @property
    def has_models(self) -> bool:
        return self.fields["model"].queryset.exists()  # type: ignore[attr-defined]


class SendForm(TargetForm):
    """Where a batch's boxes go."""

    dataset = forms.ModelChoiceField(queryset=Dataset.objects.none(), empty_label=None)
    field_order = ["dataset", "threshold", "also_labelled"]

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, user=user, **kwargs)
        self.fields["dataset"].queryset = Dataset.objects.open_to(user, Role.REVIEWER)  # type: ignore[attr-defined]


class LabelNextForm(forms.Form):
    model = forms.ModelChoiceField(queryset=TrainedModel.objects.none(), empty_label=None)
    count = forms.IntegerField(min_value=1, max_value=MOST, initial=DEFAULT_COUNT, label="How many photos")
    name = forms.CharField(
        max_length=100, required=False, label="Name of the view", help_text="Photos chosen before under it make way."
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = TrainedModel.objects.visible_to(user).select_related("run")
        self.fields["model"].queryset = rows  # type: ignore[attr-defined]

    @property
    def has_models(self) -> bool:
        return self.fields["model"].queryset.exists()  # type: ignore[attr-defined]
