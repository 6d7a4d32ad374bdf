"""The table of defaults in docs/training.md says what a run of this site really gets."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from datasets.versions.freeze import DEFAULT_FRACTIONS
from datasets.versions.manifest import ManifestBox, write_manifest
from tests.factories import make_dataset, make_version
from training import fitting, presets
from training.bases import NOTHING, Base
from training.config import TrainingSettings
from training.engine.history import COUNTED_FROM
from training.engine.request import TrainRequest
from training.engine.tf1.trainable import GROUPS
from training.overriding import effective
from training.preflight import classes, settings

ROOT = Path(__file__).resolve().parents[2]
BATCHES = (2, 4, 8, 16, 32)
DETECTOR = Base("checkpoint", "/a/ckpt-1", classes=("Cat",))
EFFICIENTDET_SIDE = 512


def table() -> dict[str, str]:
    """{default: what the document says is used here}."""
    text = (ROOT / "docs" / "training.md").read_text()
    part = text.partition("## Defaults, and where they come from")[2].partition("\n## ")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in part.splitlines() if line[:1] == "|"]
    return {row[0]: row[2] for row in rows[2:]}


class Here:
    """What a run gets on one version: settings, run.json and the pipeline.config that the engine derives from them."""

    def __init__(self, version: Any) -> None:
        self.version = version

    def settings(self, **chosen: Any) -> TrainingSettings:
        return TrainingSettings.for_version(self.version, **chosen)

    def train(self, **chosen: Any) -> dict[str, Any]:
        return self.settings(**chosen).run_json("x", {"kind": "none"})["train"]

    def text(self, base: Base = NOTHING, version: Any = None, **chosen: Any) -> str:
        return effective(version or self.version, self.settings(**chosen), base).text

    def number(self, name: str, **chosen: Any) -> float:
        (found,) = re.findall(rf"\b{name}: ([\d.e-]+)", self.text(**chosen))
        return float(found)

    def rates(self, architecture: str) -> str:
        return ", ".join(f"{self.settings(architecture=architecture, batch_size=n).learning_rate:g}" for n in BATCHES)

    def each(self, name: str, *steps: int) -> str:
        return ", ".join(f"{self.train(steps=count)[name]:,}" for count in steps)

    def evaluations(self) -> str:
        counts = (500, 1500, 20_000)
        assert self.each("checkpoint_every", *counts) == self.each("evaluate_every", *counts)
        return self.each("evaluate_every", *counts)

    def warned_from(self) -> str:
        recipe = self.settings().learning_rate
        high = [n for n in range(1, 20) if list(settings.check_rate(self.settings(learning_rate=1.001 * n * recipe)))]
        return f"{high[0]} times the rule"

    def kept_means(self) -> str:
        free = [n for n in range(1, 17) if "freeze_batchnorm: false" in self.text(DETECTOR, batch_size=n)]
        return f"fewer than {free[0]}"

    def kept_at_first(self) -> str:
        assert "freeze" not in self.train()
        asked = self.train(freeze="all_but_heads", steps=1000)
        return f"nothing, for {asked['freeze_until_step'] // 10} % of the steps where asked for"

    def mirrored(self) -> str:
        hands = make_version(make_dataset(("left hand", "right hand")), images=8)
        with_sides = TrainingSettings.for_version(hands).horizontal_flip
        return "not where names have sides" if self.settings().horizontal_flip and not with_sides else "otherwise"

    def colours(self) -> str:
        return ", ".join(re.findall(r"random_adjust_(\w+)", self.text()))

    def scales(self) -> str:
        def scale(version: Any) -> str:
            found = self.text(version=version, architecture="efficientdet_d0")
            return " to ".join(re.findall(r"scale_(?:min|max): ([\d.]+)", found))

        return f"{scale(with_boxes(31))} instead of {scale(with_boxes(33))}"


def with_boxes(side: float) -> Any:
    """A version whose boxes have this side in pixels of an EfficientDet's input."""
    version = make_version(images=8)
    manifest, share = version.manifest(), side / EFFICIENTDET_SIDE
    images = tuple(
        replace(image, boxes=(ManifestBox(1, 0, 0, image.width * share, image.height * share),))
        for image in manifest.images
    )
    version.manifest_file, version.content_hash = write_manifest(replace(manifest, images=images))
    return version


def steps_for(*images: int) -> str:
    return ", ".join(f"{presets.default_steps(count, 8):,}" for count in images)


def rate_after() -> str:
    """Read and not imported: the module needs TensorFlow."""
    text = (ROOT / "training" / "engine" / "loop" / "setup.py").read_text()
    return re.findall(r"^UNFROZEN_RATE = ([\d.]+)", text, re.MULTILINE)[0]


BATCH_NAMES = ("ssd_mobilenet_v2_keras", "efficientdet_d0", "faster_rcnn_resnet50_keras")
FOR_BATCHES = "for batches of 2, 4, 8, 16, 32"
FIGURES: dict[str, Callable[[Here], str]] = {
    f"learning rate of SSD MobileNet V2 {FOR_BATCHES}": lambda here: here.rates("ssd_mobilenet_v2_keras"),
    f"learning rate of EfficientDet D0 {FOR_BATCHES}": lambda here: here.rates("efficientdet_d0"),
    f"learning rate of Faster R-CNN ResNet50 {FOR_BATCHES}": lambda here: here.rates("faster_rcnn_resnet50_keras"),
    f"learning rate of SSD MobileNet V2 FPNLite {FOR_BATCHES}": lambda here: here.rates(presets.ARCHITECTURE),
    "learning rate warned about from": Here.warned_from,
    "warm-up of runs of 1,000, 7,500 and 20,000 steps": lambda here: here.each("warmup_steps", 1000, 7500, 20_000),
    "warm-up begins at": lambda here: (
        f"{here.number('warmup_learning_rate') / here.number('learning_rate_base'):g} of the rate"
    ),
    "the cosine ends after": lambda here: (
        "the steps of the run" if here.number("total_steps") == here.number("num_steps") else "something else"
    ),
    "steps for 80, 400 and 1,600 images in batches of 8": lambda here: steps_for(80, 400, 1600),
    "evaluation and checkpoint every, in runs of 500, 1,500 and 20,000 steps": lambda here: here.evaluations(),
    "patience": lambda here: "off" if "patience" not in here.train() else "on",
    "what counts as progress, and from when": lambda here: (
        f"{TrainRequest().min_delta:g} of AP, from {100 * COUNTED_FROM:.0f} % of the steps"
    ),
    "batch of SSD MobileNet V2, EfficientDet D0, Faster R-CNN ResNet50": lambda here: ", ".join(
        str(here.settings(architecture=name).batch_size) for name in BATCH_NAMES
    ),
    "means and variances kept in batches of": Here.kept_means,
    "kept of a detector at first, with fewer than 200 images": Here.kept_at_first,
    "after what was kept is let go, the rate goes on at": lambda here: rate_after(),
    "mirrored": Here.mirrored,
    "besides": Here.colours,
    "scale of EfficientDet where a tenth of the boxes is under 32 px": Here.scales,
    "gradients clipped to a norm of": lambda here: f"{here.number('gradient_clipping_by_norm'):g}",
    "small boxes said under": lambda here: f"{fitting.SMALL_SIDE:g} px at the input",
    "split": lambda here: ", ".join(f"{share:g}" for share in DEFAULT_FRACTIONS),
    "boxes of a class on val warned about under": lambda here: str(classes.FEW_VAL_BOXES),
}
#: Has a test of its own: test_jobs.py, the model is made of the best step.
TOLD_ELSEWHERE = {"kept at the end"}


@pytest.fixture
def here(settings, tmp_path) -> Here:
    settings.DATA_DIR = tmp_path
    return Here(make_version(images=8))


def test_every_row_of_the_table_is_looked_at():
    assert set(table()) == {*FIGURES, *TOLD_ELSEWHERE}


@pytest.mark.django_db
@pytest.mark.parametrize("default", FIGURES)
def test_the_table_says_what_a_run_gets(here, default):
    assert FIGURES[default](here) == table()[default]


def test_what_can_be_kept_at_first_is_what_the_engine_knows():
    assert set(presets.FREEZES) == set(GROUPS)
