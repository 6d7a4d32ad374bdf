"""From a judged box to the label editor: which of the image's present boxes is meant."""

from __future__ import annotations

from urllib.parse import urlencode

import numpy as np

from datasets.models import Box, Image
from detections.gallery import Gallery
from detections.metrics.table import pairwise_iou
from detections.metrics.values import Boxes

#: A present box with less IoU is another one.
SAME_BOX = 0.5


def editor_url(gallery: Gallery, entry: int) -> str | None:
    """The image's page with the label selected (`box`) and the place in sight (`at`); None when the image is gone.

    Raises IndexError when the evaluation has no such entry to show.
    """
    table = gallery.table
    place = int(gallery.image_of(np.array([entry]))[0])
    if gallery.is_hidden[place]:
        raise IndexError(entry)
    image = Image.objects.filter(pk=int(table.image_ids[place])).first()
    if image is None:
        return None
    truth = entry - len(table) if entry >= len(table) else int(gallery.matching.decided[entry])
    meant = table.true_boxes[truth] if truth >= 0 else None
    shown = table.boxes[entry] if entry < len(table) else table.true_boxes[truth]
    found = present_box(image, meant) if meant is not None else None
    values = {"at": ",".join(f"{edge:.1f}" for edge in shown.tolist())}
    return f"{image.get_absolute_url()}?{urlencode({'box': str(found.pk)} | values if found else values)}"


def present_box(image: Image, edges: Boxes) -> Box | None:
    rows = list(image.boxes.all())
    if not rows:
        return None
    ious = pairwise_iou(np.array([[box.x1, box.y1, box.x2, box.y2] for box in rows]), edges[None])[:, 0]
    best = int(np.argmax(ious))
    return rows[best] if ious[best] >= SAME_BOX else None
