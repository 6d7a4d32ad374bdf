"""What a run starts from."""

from __future__ import annotations

from dataclasses import dataclass

from training.engine.request.checks import refuse

BASE_KINDS = ("none", "backbone", "checkpoint")


@dataclass(frozen=True)
class BaseRequest:
    """What training starts from. `classes` are the class names of a checkpoint in the order of their ids."""

    kind: str = "none"
    path: str = ""
    classes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in BASE_KINDS:
            raise refuse(f"Unknown base {self.kind!r}; it must be one of {', '.join(BASE_KINDS)}.")
        if self.kind != "none" and not self.path:
            raise refuse(f"A base of kind {self.kind} needs a path.")
        object.__setattr__(self, "classes", tuple(self.classes))
