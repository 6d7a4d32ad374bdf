"""Options that say what a run is to be, for every command that is about one."""

from __future__ import annotations

from argparse import ArgumentParser, BooleanOptionalAction
from dataclasses import replace
from pathlib import Path
from typing import Any

from datasets.lookup import dataset_by_name, version_of
from datasets.models import DatasetVersion
from sw_site.lib.errors import UserError
from training import presets
from training.bases import NOTHING, Base, base_from_reference
from training.cloning import clone_with
from training.config import TrainingSettings
from training.control import base_of
from training.models import Run
from training.overriding import overrides_of, with_part

SETTINGS = (
    "steps", "batch_size", "learning_rate", "architecture", "depth_multiplier", "input_size", "augmentation",
    "horizontal_flip", "patience", "freeze", "seed",
)  # fmt: skip


def add_settings(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add("dataset", metavar="NAME", nargs="?", help="The dataset's name, or its short name in addresses.")
    add("--like", type=int, metavar="RUN", help="Do this run again; what else is said is changed in it.")
    add("--version", dest="number", type=int, metavar="N", help="Default: the newest; with --like, that run's.")
    add("--base", metavar="CHECKPOINT|MODEL", help="A model, a checkpoint prefix, a .weights.h5 file, or zoo:NAME.")
    add("--architecture", metavar="NAME", help=f"{presets.ARCHITECTURE} unless told otherwise; see docs/engine.md.")
    add("--depth-multiplier", type=float, metavar="X", help="Width of a MobileNet, 0.1 to 1.4. Default: 0.35.")
    add("--steps", type=int, metavar="N", help="Default: enough for this many images.")
    add("--batch-size", type=int, metavar="N", help="Default: 8, fewer for large networks.")
    add("--input-size", type=int, metavar="N", help="Side in pixels. Default: as the network.")
    add("--seed", type=int, metavar="N", help="Default: 1.")
    add("--learning-rate", type=float, metavar="X", help="Default: the network's own, by batch.")
    add("--augmentation", choices=presets.AUGMENTATIONS, help="Default: default (crops, light).")
    add("--horizontal-flip", action=BooleanOptionalAction, help="Mirror photos. Default: unless sides matter.")
    add("--patience", type=int, metavar="N", help="Stop after N evaluations without progress.")
    add("--freeze", choices=presets.FREEZES, help="Keep this of the start for the first fifth of the steps.")
    add(
        "--set", dest="overrides", action="append", default=[], metavar="PATH=VALUE",
        help="A setting of pipeline.config as protobuf text; may be given again and again.",
    )  # fmt: skip
    add("--config-overrides", metavar="FILE", help="A part of a pipeline.config to put over it.")


def asked_for(options: dict[str, Any]) -> tuple[DatasetVersion, TrainingSettings, Base]:
    """What the options come to; with --like what they leave out is as that run has it. UserError for what cannot be."""
    chosen = {key: options[key] for key in SETTINGS}
    like = run_like(options["like"]) if options["like"] is not None else None
    version = version_for(options, like)
    base = base_from_reference(options["base"]) if options["base"] else base_of(like) if like else NOTHING
    if like:
        config = clone_with(like, version, base, **chosen)
    else:
        config = TrainingSettings.for_version(version, base, **chosen)
    return version, with_overrides(version, config, base, options["overrides"], options["config_overrides"]), base


def run_like(number: int) -> Run:
    run = Run.objects.filter(pk=number).select_related("version__dataset", "base_model").first()
    if run is None:
        raise UserError("no_such_run", f"There is no run {number}.", 404)
    return run


def version_for(options: dict[str, Any], like: Run | None) -> DatasetVersion:
    if options["dataset"]:
        dataset = dataset_by_name(options["dataset"])
    elif like:
        dataset = like.version.dataset
    else:
        raise UserError("nothing_named", "Say which dataset to train on, or with --like which run to do again.")
    if like and options["number"] is None and dataset == like.version.dataset:
        return like.version
    return version_of(dataset, options["number"])


def with_overrides(
    version: DatasetVersion, config: TrainingSettings, base: Base, texts: list[str], file: str | None
) -> TrainingSettings:
    """The settings with what --set and --config-overrides change; --set has the last word."""
    config = replace(config, overrides={**config.overrides, **overrides_of(texts)})
    if not file:
        return config
    try:
        part = Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError("bad_override", f"{file} cannot be read as text ({error}). Give a part of a config.") from error
    return replace(config, overrides=with_part(version, config, base, part).overrides)
