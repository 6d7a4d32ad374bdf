"""What a run starts from."""

from __future__ import annotations

from dataclasses import dataclass

from training.engine.request.checks import refuse

BASE_KINDS = ("none", "backbone", "checkpoint", "zoo")


@dataclass(frozen=True)
class BaseRequest:
    """What training starts from.

    `path` is a Keras weights file (`backbone`), the prefix of a checkpoint or the folder of one (`checkpoint`), or an
    archive of the model zoo as it was downloaded or unpacked (`zoo`). `classes` are the class names of the checkpoint
    in the order of their ids; without them they are looked for beside it.
    """

    kind: str = "none"
    path: str = ""
    classes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in BASE_KINDS:
            raise refuse(f"Unknown base {self.kind!r}; it must be one of {', '.join(BASE_KINDS)}.")
        if self.kind != "none" and not self.path:
            raise refuse(f"A base of kind {self.kind} needs a path.")
        object.__setattr__(self, "classes", tuple(self.classes))
