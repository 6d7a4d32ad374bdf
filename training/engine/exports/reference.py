"""What the checkpoint itself says about the test images; every format is held against it.

Needs `compat.apply()` first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from training.engine.evaluation import Figures, Found, measure
from training.engine.exports.subject import Subject
from training.engine.images import Pixels
from training.engine.model import Outputs
from training.engine.records import RecordImage, read_images

MOST_IMAGES = 250  # of the split; more would make an export of a slow model a matter of hours
COMPARED_IMAGES = 4

# Boxes [n, 4] (xmin, ymin, xmax, ymax in pixels), scores [n] and class ids [n], best first.
Answer = tuple[Any, Any, Any]
Ask = Callable[[Pixels], Answer]


@dataclass(frozen=True)
class Compared:
    """One image with all that a checkpoint of so many classes says about it."""

    image: RecordImage
    expected: Outputs
    classes: int


class Reference:
    """The checkpoint's answers to some images in full, and its figures on the images of `split`.

    That is the test split, of which neither the training nor the choice of the best checkpoint knows anything; val
    where a dataset has no boxes to test on.
    """

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self.split = "test" if any(image.visible_boxes() for image in subject.dataset.split("test")) else "val"
        self._truth = {image.id: image for image in subject.dataset.split(self.split)}
        self.compared: list[Compared] = []
        self.figures = self.score(self._ask_and_keep)

    @property
    def objects(self) -> int:
        """How many labelled boxes the figures are about."""
        return sum(len(image.visible_boxes()) for image in islice(self._truth.values(), MOST_IMAGES))

    def images(self) -> Iterator[RecordImage]:
        return islice(read_images(self._subject.run.records(self.split)), MOST_IMAGES)

    def score(self, ask: Callable[[RecordImage], Answer]) -> Figures:
        """COCO figures of a model on the first `MOST_IMAGES` images."""
        found = [as_found(image.id, ask(image)) for image in self.images()]
        self.count = len(found)
        return measure(self._subject.dataset.classes, [self._truth[item.image_id] for item in found], found)

    def _ask_and_keep(self, image: RecordImage) -> Answer:
        outputs = self._subject.detect(image.pixels[None])
        if len(self.compared) < COMPARED_IMAGES:
            self.compared.append(Compared(image, outputs, len(self._subject.dataset.classes)))
        return as_answer(outputs, image.pixels)


def as_answer(outputs: Outputs, pixels: Pixels) -> Answer:
    count = int(outputs["num_detections"][0])
    height, width = pixels.shape[:2]
    boxes = outputs["detection_boxes"][0, :count][:, [1, 0, 3, 2]]
    edges = boxes * np.array([width, height, width, height], np.float32)
    return edges, outputs["detection_scores"][0, :count], outputs["detection_classes"][0, :count].astype(int)


def as_found(image_id: int, answer: Answer) -> Found:
    boxes, scores, class_ids = answer
    return Found(image_id, boxes[:, [1, 0, 3, 2]], scores, class_ids)
