"""Exports against their checkpoint."""

from __future__ import annotations

import numpy as np

from tests.training.engine.checks.registry import check


@check
def export_differences_see_boxes_scores_and_classes() -> None:
    from training.engine.export_check import differences

    answer = {
        "raw_detection_boxes": np.array([[[0.1, 0.1, 0.5, 0.5], [0.2, 0.2, 1.4, 0.9]]], np.float32),
        "raw_detection_scores": np.array([[[0.0, 0.8, 0.1], [0.0, 0.2, 0.6]]], np.float32),
        "detection_boxes": np.array([[[0.1, 0.1, 0.5, 0.5], [0.2, 0.2, 1.0, 0.9]]], np.float32),
        "detection_scores": np.array([[0.8, 0.6]], np.float32),
        "detection_classes": np.array([[1, 2]], np.float32),
        "num_detections": np.array([2], np.float32),
    }
    assert differences(answer, answer) == (0.0, 0.0)
    assert differences(answer, {**answer, "raw_detection_boxes": answer["raw_detection_boxes"] + 0.25})[0] > 0.2
    assert differences(answer, {**answer, "detection_scores": answer["detection_scores"] - 0.25})[1] > 0.2
    assert max(differences(answer, {**answer, "detection_classes": answer["detection_classes"][:, ::-1]})) > 0.2
