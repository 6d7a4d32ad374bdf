"""How often right labels look as odd as one that is doubted, learnt from the labels and predictions at hand.

Both answers are about what lies *near*, not about all that is worse: how often is something wrong where the model is
as sure as here, and how thickly do labels lie where they fit as badly as here. So doubts of different kinds can be put
into one order. In both, half a case is added: that nothing like it was seen does not mean that there is none.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

#: So many of nearly the same sureness tell how right a sureness is; of few cases a third, but not less than these.
NEIGHBOURS, LEAST_NEIGHBOURS = 50, 10
#: Fits this far apart (standard deviation) are alike; and scores this far apart, in shares of all ranks.
FIT_WIDTH, RANK_WIDTH = 0.08, 0.2
#: A label in a wrong place fits anyhow from not at all to nearly well: evenly from 0 to this.
WRONG_FITS = 0.7
#: Labels that tell how well labels fit: more of them would not say it better, and take longer.
MOST_TELLING = 2000
ROWS_AT_ONCE = 500


def error_rates(errors: NDArray[np.bool_], sureness: Values) -> Values:
    """Of each case the share of errors among those of nearly its sureness; it never falls as sureness falls."""
    count = len(errors)
    order = np.argsort(-sureness, kind="stable")
    before = np.concatenate([[0], np.cumsum(errors[order])])
    size = min(NEIGHBOURS + 1, max(count // 3, LEAST_NEIGHBOURS), count)
    start = np.clip(np.arange(count) - NEIGHBOURS // 2, 0, count - size)  # the ends have as many neighbours as others
    rates = np.empty(count)
    rates[order] = np.maximum.accumulate((before[start + size] - before[start] + 0.5) / (size + 1))
    return rates


def poor_fit_ratios(fits: Values, scores: Values, wanted: NDArray[np.int64]) -> Values:
    """Of each of the `wanted` cases how often right labels fit so, at nearly its score, over how often wrong ones do.

    A kernel density of the other cases, over that of fits spread evenly up to WRONG_FITS.
    """
    count = len(fits)
    ranks = np.argsort(np.argsort(-scores, kind="stable"), kind="stable") / max(count, 1)
    telling = np.unique(np.linspace(0, count - 1, min(count, MOST_TELLING)).round().astype(np.int64))
    ratios = np.empty(len(wanted))
    for start in range(0, len(wanted), ROWS_AT_ONCE):
        rows = wanted[start : start + ROWS_AT_ONCE]
        weights = bell((ranks[rows, None] - ranks[telling]) / RANK_WIDTH)
        weights[rows[:, None] == telling] = 0.0  # nothing speaks for itself
        alike = bell((fits[rows, None] - fits[telling]) / FIT_WIDTH) / (FIT_WIDTH * np.sqrt(2 * np.pi))
        density = ((weights * alike).sum(axis=1) + 0.5) / (weights.sum(axis=1) + 0.5)
        ratios[start : start + ROWS_AT_ONCE] = density * WRONG_FITS
    return ratios


def bell(distance: Values) -> Values:
    shape: Values = np.exp(-0.5 * distance**2)
    return shape
