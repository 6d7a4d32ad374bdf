"""Running an earlier run again: its settings as choices, and with changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sw_site.lib.errors import UserError
from training.config import TrainingSettings, chosen_in
from training.configs import PREFIX
from training.zoo.store import archives

if TYPE_CHECKING:
    from datasets.models import DatasetVersion
    from training.bases import Base
    from training.models import Run


#: Settings that mean something for one network only.
OF_THE_NETWORK = ("depth_multiplier", "input_size", "batch_size", "learning_rate", "overrides")


def answers_like(run: Run) -> dict[str, Any]:
    """The answers an earlier run was started with, for starting it again."""
    chosen = chosen_in(run.config)
    if digest := chosen.pop("imported", ""):
        chosen = {key: value for key, value in chosen.items() if value or key == "horizontal_flip"}
        chosen["architecture"] = f"{PREFIX}{digest}"
    return {**chosen, "version": run.version_id, "base": base_answer(run)}


def base_answer(run: Run) -> str:
    if run.base_model_id:
        return f"model:{run.base_model_id}"
    base = run.config.get("base", {})
    if base.get("kind") == "zoo":
        return next((f"zoo:{one.name}" for one in archives().values() if str(one.path) == base["path"]), "")
    return f"backbone:{base['path'].rsplit('/', 1)[-1]}" if base.get("kind") == "backbone" else ""


def start_like(run: Run) -> str:
    """What to begin a copy of `run` from, as forms and programs name it. UserError where that is not here any more."""
    answer = base_answer(run)
    if not answer and run.config.get("base", {}).get("kind", "none") != "none":
        raise UserError(
            "start_gone", f"What {run.name} started from is not here any more. Say what to start from instead.", 409
        )
    return answer


def clone_with(run: Run, version: DatasetVersion, base: Base, **changes: Any) -> TrainingSettings:
    """The settings of `run` for this version and start; of `changes` what is not None takes the place of its own.

    With another network its sizes, batch and rate are that network's own again, unless they are said as well.
    """
    like = {key: value for key, value in answers_like(run).items() if key not in ("version", "base")}
    said = {key: value for key, value in changes.items() if value not in (None, "")}
    if said.get("architecture", like.get("architecture")) != like.get("architecture"):
        like = {key: value for key, value in like.items() if key not in OF_THE_NETWORK}
    return TrainingSettings.for_version(version, base, **{**like, **said})
