"""Is what the run starts from there, whole, and of the same network?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sw_site.lib.errors import UserError
from training.bases import BACKBONE_SUFFIX, HDF5_SIGNATURE, Base, shape_of
from training.config import TrainingSettings
from training.configs import imported
from training.engine.errors import EngineError
from training.engine.zoo.layout import check_complete
from training.models import TrainedModel
from training.preflight.finding import BLOCK, Finding, Subject
from training.sharing.places import archives


def check(subject: Subject) -> Iterator[Finding]:
    base, config = subject.base, subject.config
    if base.kind == "backbone":
        yield from check_backbone(Path(base.path))
    if base.kind == "checkpoint":
        yield from check_checkpoint(base)
    if base.kind == "zoo" and not Path(base.path).exists() and not archives().has(Path(base.path).name):
        yield Finding(
            BLOCK,
            "base_missing",
            f"The archive of {base.label} is no longer on the server. Download it again, or choose another start.",
        )
    if base.model:
        yield from check_shape(base, base.model, config)
    elif base.kind == "zoo" and base.shape.get("architecture", network_of(config)) != network_of(config):
        yield other_network(base, str(base.shape["architecture"]), config)


def check_checkpoint(base: Base) -> Iterator[Finding]:
    prefix = Path(base.path)
    if not prefix.with_name(prefix.name + ".index").is_file():
        yield Finding(
            BLOCK,
            "base_missing",
            f"The checkpoint of {base.label} is no longer on the server. Start from another model, or from nothing.",
        )
        return
    try:
        check_complete(prefix, base.label)
    except EngineError as error:
        yield Finding(BLOCK, "base_incomplete", error.sentence)


def check_backbone(path: Path) -> Iterator[Finding]:
    advice = "Choose another file, or start from nothing."
    if not path.name.endswith(BACKBONE_SUFFIX):
        sentence = f"{path.name} is not a {BACKBONE_SUFFIX} file as Keras saves it. {advice}"
        yield Finding(BLOCK, "base_not_weights", sentence)
    elif not path.is_file():
        yield Finding(BLOCK, "base_missing", f"There is no file {path}. {advice}")
    elif not has_signature(path):
        yield Finding(BLOCK, "base_not_weights", f"{path.name} is not an HDF5 file inside. {advice}")


def has_signature(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(HDF5_SIGNATURE)) == HDF5_SIGNATURE
    except OSError:
        return False


def check_shape(base: Base, model: TrainedModel, config: TrainingSettings) -> Iterator[Finding]:
    shape = shape_of(model)
    network = shape.get("architecture", network_of(config))
    if network != network_of(config):
        yield other_network(base, network, config)
    depth = shape.get("depth_multiplier", config.depth_multiplier)
    if depth != config.depth_multiplier and not config.is_custom:
        yield Finding(
            BLOCK,
            "base_other_depth",
            f"{base.label} has a depth multiplier of {depth:g} and this run asks for {config.depth_multiplier:g}, "
            f"so none of its weights would fit. Set it to {depth:g}, or start from nothing.",
        )


def network_of(config: TrainingSettings) -> str:
    """The preset a run builds, or the one whose network its own config has."""
    if not config.is_custom:
        return config.architecture
    try:
        return imported(config.imported).preset_name
    except UserError:
        return config.architecture


def other_network(base: Base, network: str, config: TrainingSettings) -> Finding:
    return Finding(
        BLOCK,
        "base_other_architecture",
        f"{base.label} is a {network} and this run asks for a {network_of(config)}, so none of its weights would "
        f"fit. Choose {network}, or start from nothing.",
    )
