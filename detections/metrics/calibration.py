"""Calibration of the scores: D-ECE by hotcoco, over ten bins of equal width.

A box is right when the matching found it an object of its class (greedy, the surest first); D-ECE is the mean gap
between a bin's mean score and its precision, weighted by how many boxes the bin has, and MCE the largest gap.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from hotcoco import metrics
from numpy.typing import NDArray

from detections.metrics.values import Calibration

BINS = 10


def calibrate(scores: NDArray[np.float64], hits: NDArray[np.bool_]) -> Calibration:
    ece, mce = metrics.calibration_error(scores, hits, BINS)
    return Calibration(float(ece), float(mce), tuple(bin_figures(each) for each in curve(scores, hits)))


def class_error(scores: NDArray[np.float64], hits: NDArray[np.bool_]) -> float | None:
    """D-ECE of one class; None without boxes."""
    return float(metrics.calibration_error(scores, hits, BINS)[0]) if len(scores) else None


def curve(scores: NDArray[np.float64], hits: NDArray[np.bool_]) -> list[dict[str, Any]]:
    return metrics.calibration_curve(scores, np.asarray(hits), BINS)


def bin_figures(each: dict[str, Any]) -> dict[str, float]:
    names = ("bin_lower", "bin_upper", "avg_confidence", "avg_accuracy", "count")
    return dict(zip(("low", "high", "confidence", "precision", "count"), (each[name] for name in names), strict=True))
