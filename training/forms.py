"""What a person fills in to start a run. Empty fields mean "you decide"."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django import forms

from datasets.models import DatasetVersion
from sw_site.accounts.roles import Role
from sw_site.jobs.workers import hosts
from sw_site.lib.errors import UserError
from training import presets
from training.bases import BACKBONE_SUFFIX, NOTHING, Base, base_choices, base_for
from training.changed import Chosen, chosen_otherwise
from training.config import TrainingSettings
from training.configs import all_imported
from training.engine.config_import.source import MOST_BYTES
from training.estimates import Estimate, estimate
from training.jobs import QUEUE
from training.overriding import Effective, edited
from training.preflight import Finding, preflight

if TYPE_CHECKING:
    from sw_site.accounts.models import User

SETTINGS = tuple(name for name in TrainingSettings.__dataclass_fields__ if name not in ("imported", "overrides"))
#: What the editor of the whole pipeline.config sends: changes known by their paths, and a text being edited.
CONFIG_FIELDS = ("overrides", "config_before", "config_text")


@dataclass(frozen=True)
class Plan:
    """What would happen: the completed settings, what the check found, and how long it will take."""

    version: DatasetVersion
    settings: TrainingSettings
    base: Base
    findings: list[Finding]
    estimate: Estimate

    @property
    def blocked(self) -> bool:
        return any(finding.blocks for finding in self.findings)

    @property
    def chosen(self) -> list[Chosen]:
        """What is set otherwise than it would be by itself."""
        return chosen_otherwise(self.version, self.settings, self.base)

    @property
    def passes(self) -> float:
        """How often each training image is seen."""
        images = self.version.counts["train"]["images"]
        return self.settings.steps * self.settings.batch_size / images if images else 0.0


class VersionField(forms.ModelChoiceField):
    def label_from_instance(self, version: Any) -> str:
        counts = version.counts
        return f"{version} ({counts['train']['images']} train, {counts['val']['images']} val images)"


def automatic(choices: Any, default: str) -> list[tuple[str, str]]:
    return [("", default), *((str(choice), f"{choice}") for choice in choices)]


class RunForm(forms.Form):
    version = VersionField(queryset=DatasetVersion.objects.none(), empty_label=None)
    base = forms.ChoiceField(
        label="Start from",
        required=False,
        help_text="A model or a backbone has seen photographs before, so it needs far fewer of yours.",
    )
    steps = forms.IntegerField(
        label="How long (steps)",
        required=False,
        min_value=presets.MIN_STEPS,
        max_value=presets.MAX_STEPS,
        help_text="Empty: enough for this many images.",
    )
    name = forms.CharField(max_length=100, required=False, help_text="The model gets the same name.")

    architecture = forms.ChoiceField(
        label="Network",
        required=False,
        choices=[("", "Automatic"), *presets.architecture_choices()],
        help_text="Automatic: SSD MobileNet V2 FPNLite, the quickest to train, or as the start.",
    )
    depth_multiplier = forms.TypedChoiceField(
        coerce=float,
        empty_value=None,
        required=False,
        choices=automatic(presets.DEPTH_MULTIPLIERS, "Automatic"),
        help_text="Width of a MobileNet: larger sees more and takes longer. Automatic: the network's own, or as the "
        "start.",
    )
    input_size = forms.TypedChoiceField(
        coerce=int,
        empty_value=None,
        required=False,
        choices=automatic(presets.INPUT_SIZES, "Automatic"),
        help_text="Pixels of the square the photo is scaled to. Automatic: the network's own, or as the start.",
    )
    batch_size = forms.IntegerField(
        required=False,
        min_value=presets.MIN_BATCH,
        max_value=presets.MAX_BATCH,
        help_text="Images per step. Empty: 8, fewer for large networks.",
    )
    learning_rate = forms.FloatField(
        required=False,
        min_value=1e-6,
        max_value=1.0,
        help_text="Peak of the cosine. Empty: the network's own, in proportion to the batch.",
    )
    augmentation = forms.ChoiceField(required=False, choices=list(presets.AUGMENTATIONS.items()))
    horizontal_flip = forms.BooleanField(
        label="Mirror photos at random",
        required=False,
        initial=True,
        help_text="Not for text, or left and right hands.",
    )
    patience = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=presets.MAX_PATIENCE,
        help_text="Stop when so many evaluations in a row bring nothing new. Empty: never.",
    )
    freeze = forms.ChoiceField(
        label="Keep at first",
        required=False,
        choices=[("", "Nothing"), *presets.FREEZES.items()],
        help_text="Stays as the start has it for the first fifth of the steps; then everything is trained, at a tenth "
        "of the rate. For very few photos.",
    )
    seed = forms.IntegerField(required=False, min_value=0, max_value=2**31 - 1, help_text="Empty: 1.")
    host = forms.ChoiceField(label="Runs on", required=False, help_text="Which machine trains it.")
    overrides = forms.JSONField(required=False)
    config_before = forms.CharField(required=False, strip=False, max_length=MOST_BYTES)
    config_text = forms.CharField(required=False, strip=False, max_length=MOST_BYTES)

    EXPERT = (
        "architecture",
        "depth_multiplier",
        "input_size",
        "batch_size",
        "learning_rate",
        "augmentation",
        "horizontal_flip",
        "patience",
        "freeze",
        "seed",
        "host",
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        versions = DatasetVersion.objects.open_to(user, Role.MANAGER).select_related("dataset").order_by("-pk")
        self.fields["version"].queryset = versions  # type: ignore[attr-defined]
        self.fields["base"].choices = base_choices(user)  # type: ignore[attr-defined]
        self.fields["host"].choices = [("", "Any machine"), *((name, name) for name in hosts(QUEUE))]  # type: ignore[attr-defined]
        own = [(config.reference, config.title) for config in all_imported() if not config.refusal]
        if own:
            networks = [*self.fields["architecture"].choices, ("Your pipeline.config", own)]  # type: ignore[attr-defined]
            self.fields["architecture"].choices = networks  # type: ignore[attr-defined]

    @property
    def basic_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name not in (*self.EXPERT, *CONFIG_FIELDS)]

    @property
    def expert_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.EXPERT]

    @property
    def expert_open(self) -> bool:
        return any(self[name].errors for name in (*self.EXPERT, *CONFIG_FIELDS)) or bool(self.overrides_now)

    @property
    def overrides_now(self) -> dict[str, str]:
        """What is changed in the pipeline.config by its paths, as far as it was sent or the form begins with it."""
        value = self["overrides"].value()
        try:
            found = json.loads(value) if isinstance(value, str) else value
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    @property
    def effective(self) -> Effective | None:
        """The whole pipeline.config of a text that was sent and is in order."""
        return self.cleaned_data.get("effective") if self.is_bound and not self.errors else None

    @property
    def overrides_json(self) -> str:
        return json.dumps(self.overrides_now) if self.overrides_now else ""

    def clean_overrides(self) -> dict[str, str]:
        found = self.cleaned_data["overrides"] or {}
        if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
            raise forms.ValidationError("The changes to the pipeline.config could not be read. Take them back.")
        return found

    def clean(self) -> dict[str, Any]:
        """Adds `start` (Base), `settings` (TrainingSettings) and, with a text, `effective`."""
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        try:
            cleaned["start"] = base_for(cleaned.get("base", ""), self.user) if cleaned.get("base") else NOTHING
            chosen = {key: cleaned.get(key) for key in SETTINGS}
            settings = TrainingSettings.for_version(cleaned["version"], cleaned["start"], **chosen)
            cleaned["settings"] = replace(settings, overrides=cleaned["overrides"])
        except UserError as error:
            self.add_error(None, error.message)
        else:
            self.read_text(cleaned)
        return cleaned

    def read_text(self, cleaned: dict[str, Any]) -> None:
        """Adds `effective`, and to the settings what an edited pipeline.config changes."""
        if not cleaned["config_text"].strip():
            return
        version, settings, start = (cleaned[key] for key in ("version", "settings", "start"))
        try:
            found = edited(version, settings, start, cleaned["config_before"], cleaned["config_text"])
        except UserError as error:
            self.add_error("config_text", error.message)
        else:
            cleaned["effective"], cleaned["settings"] = found, replace(settings, overrides=found.overrides)

    def plan(self) -> Plan | None:
        """What these answers lead to; None while they do not hold together."""
        if not self.is_valid():
            return None
        version, settings, base = (self.cleaned_data[key] for key in ("version", "settings", "start"))
        findings = preflight(version, settings, base)
        return Plan(version, settings, base, findings, estimate(version, settings, base))


class BackboneForm(forms.Form):
    backbone = forms.FileField(
        label="Add a backbone file",
        widget=forms.ClearableFileInput(attrs={"accept": ".h5"}),
        help_text=f"MobileNetV2 weights as Keras saves them, a file ending in {BACKBONE_SUFFIX}.",
    )


class ArchiveForm(forms.Form):
    archive = forms.FileField(
        label="Archive",
        widget=forms.ClearableFileInput(attrs={"accept": ".gz,.tgz,.tar,.zip"}),
        help_text="A detector as the model zoo publishes it (.tar.gz, .zip): a checkpoint and its pipeline.config.",
    )


class VersionChoice(forms.Form):
    """Whose boxes a page judges by."""

    version = VersionField(queryset=DatasetVersion.objects.none(), empty_label=None, label="Judged for")

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        versions = DatasetVersion.objects.visible_to(user).select_related("dataset").order_by("-pk")
        self.fields["version"].queryset = versions  # type: ignore[attr-defined]


class ConfigForm(forms.Form):
    text = forms.CharField(
        label="Text of a pipeline.config",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 12, "spellcheck": "false", "class": "mono"}),
    )
    file = forms.FileField(
        label="Or its file",
        required=False,
        widget=forms.ClearableFileInput(attrs={"accept": ".config,.pbtxt,.txt"}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not cleaned.get("file") and not (cleaned.get("text") or "").strip():
            self.add_error(None, "Nothing arrived. Paste the text of a pipeline.config, or choose its file.")
        return cleaned

    def content(self) -> bytes:
        """What was sent; of a file no more than shows that it is too large."""
        if file := self.cleaned_data.get("file"):
            return bytes(file.read(MOST_BYTES + 1))
        return str(self.cleaned_data["text"]).replace("\r\n", "\n").encode()
