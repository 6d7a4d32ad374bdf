"""What a person fills in for a search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms

from datasets.models import Dataset
from detections.mistake_models import MistakeSearch
from detections.mistakes.actions import start_fold_search, start_search
from sw_site.accounts.roles import Role
from sw_site.lib.errors import UserError
from training.models import TrainedModel

if TYPE_CHECKING:
    from sw_site.accounts.models import User

FOLD_CHOICES = [
    (0, "This model, on the images it has not learnt from"),
    (3, "All images: 3 trainings like this model's, each judges the third it has not seen"),
    (5, "All images: 5 trainings like this model's, each judges the fifth it has not seen"),
]


class SearchForm(forms.Form):
    model = forms.ModelChoiceField(queryset=TrainedModel.objects.none(), empty_label=None)
    dataset = forms.ModelChoiceField(
        queryset=Dataset.objects.none(), required=False, empty_label="The one the model was trained on"
    )
    folds = forms.TypedChoiceField(label="Who judges", choices=FOLD_CHOICES, coerce=int, initial=0)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.models = TrainedModel.objects.visible_to(user).select_related("run__version__dataset")
        self.fields["model"].queryset = self.models  # type: ignore[attr-defined]
        self.fields["dataset"].queryset = Dataset.objects.open_to(user, Role.REVIEWER)  # type: ignore[attr-defined]

    @property
    def has_models(self) -> bool:
        return self.models.exists()

    def start(self) -> MistakeSearch | None:
        """The queued search; None when it was refused, with the reason among the form's errors."""
        data = self.cleaned_data
        dataset = data["dataset"] or data["model"].run.version.dataset
        try:
            if data["folds"]:
                return start_fold_search(dataset, data["model"], data["folds"], self.user)
            return start_search(dataset, data["model"], self.user)
        except UserError as error:
            self.add_error(None, error.message)
            return None
