"""`tensorflow.contrib.training.HParams`, which `object_detection.model_hparams` and the slim NASNets build on."""

from __future__ import annotations

from typing import Any

from training.engine.compat.contrib import provide


class HParams:
    """Named settings as attributes."""

    def __init__(self, **values: Any) -> None:
        vars(self).update(values)

    def add_hparam(self, name: str, value: Any) -> None:
        setattr(self, name, value)

    def set_hparam(self, name: str, value: Any) -> None:
        setattr(self, name, value)

    def values(self) -> dict[str, Any]:
        return dict(vars(self))

    def parse(self, text: str) -> HParams:
        """Sets values from "name=value,name=value", each read as the type it has."""
        for item in filter(None, text.split(",")):
            name, _, value = item.partition("=")
            old = getattr(self, name)
            setattr(self, name, value.lower() in ("1", "true") if isinstance(old, bool) else type(old)(value))
        return self


def install() -> None:
    provide("training", HParams=HParams)
