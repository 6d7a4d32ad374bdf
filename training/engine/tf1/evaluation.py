"""Measuring a checkpoint on the validation images. Needs `compat.apply("tf1")` first."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow.compat.v1 as tf

from training.engine.dataset import Dataset
from training.engine.evaluation import Figures, Found, detections, measure
from training.engine.records import read_images
from training.engine.rundir import RunDirectory
from training.engine.tf1.checkpoints import latest
from training.engine.tf1.detector import Detector
from training.engine.tf1.loop import write_scalars


class Evaluator:
    """Evaluates the newest checkpoint of one run on its val records; the figures are those of TensorFlow 2's way."""

    def __init__(self, run: RunDirectory, dataset: Dataset, detector: Detector) -> None:
        self._run, self._detector = run, detector
        self._classes = dataset.classes
        self._truth = {image.id: image for image in dataset.split("val")}
        self._writer = tf.summary.FileWriter(str(run.eval_summaries))

    def evaluate(self, step: int, check: Callable[[], None]) -> tuple[Figures, list[Found]]:
        """Runs over the val images; `check` is called before each and may raise to stop.

        The weights of `step` must be saved already.
        """
        saved = latest(self._run)
        if saved is None or saved.step != step:
            raise FileNotFoundError(f"no checkpoint of step {step} to evaluate in {self._run.checkpoints}")
        self._detector.restore(saved.prefix)
        found = []
        for image in read_images(self._run.records("val")):
            check()
            found.append(detections(image, self._detector(image.pixels[None])))
        figures = measure(self._classes, [self._truth[item.image_id] for item in found], found)
        known = {"ap": figures.ap, "ap50": figures.ap50, "ap75": figures.ap75}
        write_scalars(self._writer, step, {f"val/{name}": value for name, value in known.items() if value is not None})
        return figures, found
