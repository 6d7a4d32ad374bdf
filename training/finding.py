"""Which models of the registry somebody wants to see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import F, QuerySet

from training.models import ModelStage, TrainedModel

ORDERS = {"newest": "Newest first", "best": "Best AP50 first", "small": "Smallest first"}


@dataclass(frozen=True)
class ModelFilter:
    """Empty values choose everything. `tag` is one whole tag, `alias` "production" and the like."""

    text: str = ""
    dataset: str = ""
    alias: str = ""
    tag: str = ""
    stage: str = ""
    order: str = "newest"

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> ModelFilter:
        values = {key: str(query.get(key, "")).replace("\x00", "").strip()[:100] for key in cls.__dataclass_fields__}
        values["order"] = values["order"] if values["order"] in ORDERS else "newest"
        values["stage"] = values["stage"] if values["stage"] in ModelStage.values else ""
        return cls(**values)

    @property
    def is_any(self) -> bool:
        return any((self.text, self.dataset, self.alias, self.tag, self.stage))

    @property
    def orders(self) -> dict[str, str]:
        return ORDERS

    @property
    def stages(self) -> list[tuple[str, str]]:
        return list(ModelStage.choices)

    def apply(self, models: QuerySet[TrainedModel]) -> QuerySet[TrainedModel]:
        if self.text:
            models = models.filter(name__icontains=self.text)
        if self.dataset:
            models = models.filter(run__version__dataset__slug=self.dataset)
        if self.alias:
            models = models.filter(aliases__name=self.alias)
        if self.tag:
            # SQLite cannot look into a list of JSON, so that Python does.
            tagged = [pk for pk, tags in models.exclude(tags=[]).values_list("pk", "tags") if self.tag in tags]
            models = models.filter(pk__in=tagged)
        if self.stage:
            models = models.filter(stage=self.stage)
        if self.order == "best":
            return models.order_by(F("ap50").desc(nulls_last=True), "-pk")
        return models.order_by("size_bytes", "pk") if self.order == "small" else models.order_by("-pk")
