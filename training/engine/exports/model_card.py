"""MODEL_CARD.md: what a model is, where it comes from and how good it is, for a person who was not there."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from training.engine.dataset import Dataset
from training.engine.evaluation import Figures
from training.engine.exports.formats import Format
from training.engine.exports.subject import Subject
from training.engine.request import RunRequest
from training.engine.rundir import SPLITS

INPUTS = {
    "any": "Input `{input}`: uint8 RGB images [batch, height, width, 3] of any size; those of one batch have one size.",
    1: "Input `{input}`: one uint8 RGB image [1, height, width, 3] of any size.",
}
TFLITE_INPUT = (
    "Input `{input}`: one float32 RGB image [1, {height}, {width}, 3], resized (bilinear) and normalised as "
    "`preprocess` in model.json says; runtime.py does it in numpy. Boxes are not clipped, classes count from 0."
)


def model_card(about: dict[str, Any], subject: Subject, chosen: Format, figures: Figures) -> str:
    """The card as Markdown. `about` is the content of model.json."""
    sections = [
        f"# {about['name'] or 'Object detector'}",
        f"An object detector, {about['architecture']} ({about['family']}), as {chosen.title}. It finds "
        f"{len(about['classes'])} kinds of objects in photographs and draws a bounding box around each.",
        "## How to use it\n" + usage(about, chosen),
        "## How good it is\n" + quality(about, figures),
        "## What it was trained on\n" + data(subject.dataset),
        "## How it was trained\n" + training(subject.request, subject.checkpoint),
        "## Limits\n" + limits(about),
        "## Licence\nNot stated. Whoever passes this model on should write here under which terms, and check those of "
        "the photographs and of the weights it started from.",
    ]
    return "\n\n".join(sections) + "\n"


def usage(about: dict[str, Any], chosen: Format) -> str:
    given = TFLITE_INPUT.format(input=about["input"], **about["preprocess"]) if "preprocess" in about else None
    given = given or INPUTS[about["batch"]].format(input=about["input"])
    commands = f"    pip install {chosen.packages}\n    python predict.py photo.jpg"
    outputs = ", ".join(f"`{name}`" for name in about["outputs"])
    return f"\n{commands}\n\nprints JSON. In a program of your own: {given} Outputs: {outputs}."


#: Of the split that an export is measured on: what its images are called, and what the figures are worth.
IMAGES = {"val": "validation", "test": "test"}
MEANS = {
    "val": "The model was chosen by these images, so expect a little less on others.",
    "test": "Neither the training nor the choice of the checkpoint knew these images.",
}


def quality(about: dict[str, Any], figures: Figures) -> str:
    of = about["figures"]
    lines = [
        f"Measured on {of['images']} {IMAGES[of['split']]} images with this very file; {of['rule']}. "
        f"{MEANS[of['split']]}\n",
        "| | AP | AP50 | AP75 |\n|---|---|---|---|",
        f"| this file | {shown(of['ap'])} | {shown(of['ap50'])} | {shown(of['ap75'])} |",
        "| the checkpoint | " + " | ".join(shown(of["checkpoint"][name]) for name in ("ap", "ap50", "ap75")) + " |",
        "\n| class | AP | AP50 |\n|---|---|---|",
    ]
    lines += [f"| {name} | {shown(one['ap'])} | {shown(one['ap50'])} |" for name, one in figures.per_class.items()]
    return "\n".join(lines)


def data(dataset: Dataset) -> str:
    lines = ["| class | " + " | ".join(f"boxes in {split}" for split in SPLITS) + " |", "|---|---|---|---|"]
    counts = {split: Counter(box.class_id for image in dataset.split(split) for box in image.boxes) for split in SPLITS}
    for class_id, name in sorted(dataset.classes.items()):
        lines.append(f"| {name} | " + " | ".join(str(counts[split][class_id]) for split in SPLITS) + " |")
    images = ", ".join(f"{len(dataset.split(split))} {split}" for split in SPLITS)
    return "\n".join([f"Images: {images}.\n", *lines])


def training(request: RunRequest, checkpoint: str) -> str:
    train, base = request.train, request.base
    start = "nothing (random weights)" if base.kind == "none" else f"{base.kind} {Path(base.path).name}"
    return (
        f"{train.steps} steps of {train.batch_size} images, learning rate {train.learning_rate:g}, augmentation "
        f"{train.augmentation!r}, seed {request.seed}. Started from: {start}. "
        f"Exported from {checkpoint}.{by_hand(request.overrides)}"
    )


def by_hand(overrides: dict[str, str]) -> str:
    changed = ", ".join(f"`{path}` {value or 'taken out'}" for path, value in overrides.items())
    return f" Changed by hand in its pipeline.config: {changed}." if changed else ""


def limits(about: dict[str, Any]) -> str:
    return (
        f"It sees photographs at {about['input_size']} pixels a side, so small objects in large photographs are lost. "
        "It knows only the classes above and only what the training photographs showed of them; anything else may be "
        "taken for one of them. Scores are not probabilities; choose the threshold on your own photographs. Do not use "
        "it where a mistake can hurt somebody."
    )


def shown(figure: float | None) -> str:
    return "n/a" if figure is None else f"{figure:.3f}"
