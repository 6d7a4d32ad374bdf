from __future__ import annotations

from typing import Any

from datasets.health.advice import advise
from datasets.health.detectors import DEFAULT, DETECTORS
from datasets.health.measure import measure
from datasets.models import Dataset
from sw_site.lib.errors import UserError
from sw_site.lib.together import Together

INPUT_SIZES = (64, 2048)
#: All rows are looked at: 16 people at once took 16 times the memory and the time.
_measured = Together()


def health_report(dataset: Dataset, detector: str = DEFAULT, input_size: int | None = None) -> dict[str, Any]:
    """Figures and advice, as the page, the API and the command give them.

    Raises:
        UserError: no such detector, or an input size no detector has.
    """
    if detector not in DETECTORS:
        raise UserError(
            "unknown_detector", f"There is no detector “{detector}”. Choose one of: {', '.join(DETECTORS)}.", 422
        )
    if input_size is not None and not INPUT_SIZES[0] <= input_size <= INPUT_SIZES[1]:
        raise UserError(
            "input_size", f"The input size is a side in pixels, from {INPUT_SIZES[0]} to {INPUT_SIZES[1]}.", 422
        )
    report = _measured.ask((dataset.pk, detector, input_size), lambda: measure(dataset, detector, input_size))
    return {**report, "advice": advise(report)}
