"""What a person fills in for a token or a service account."""

from __future__ import annotations

from typing import Any

from django import forms

from datasets.models import Dataset
from sw_site.team.models import Scope
from sw_site.team.tokens import MOST_DAYS, USUAL_DAYS

SCOPE_WORDS = {
    Scope.READ: "Read: see and download",
    Scope.LABEL: "Label: also add photos, label and review",
    Scope.TRAIN: "Train: also freeze versions, train and name models",
    Scope.ADMIN: "Everything you may do",
}


class TokenForm(forms.Form):
    name = forms.CharField(max_length=100, help_text="What it is for, like “camera box in hall 3”.")
    scope = forms.ChoiceField(choices=[(scope.value, words) for scope, words in SCOPE_WORDS.items()], label="For")
    days = forms.IntegerField(min_value=1, max_value=MOST_DAYS, initial=USUAL_DAYS, label="Days until it expires")
    datasets = forms.ModelMultipleChoiceField(
        Dataset.objects.none(), required=False, to_field_name="slug", help_text="None chosen: all you see."
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["datasets"].queryset = Dataset.objects.visible_to(user)  # type: ignore[attr-defined]

    def wish(self) -> dict[str, Any]:
        """Arguments of `make_token`."""
        data = self.cleaned_data
        return {**data, "datasets": [dataset.slug for dataset in data["datasets"]]}


class ServiceForm(forms.Form):
    name = forms.CharField(max_length=150, help_text="How it is shown, like “camera-box”.")
    purpose = forms.CharField(max_length=200, required=False)
