"""Names numpy 1.24 and 2.0 removed and the API still uses (`np.float` in MobileNet V3, `np.NAN` in its metrics)."""

from __future__ import annotations

import numpy as np

ALIASES = {
    "int": int,
    "float": float,
    "object": object,
    "str": str,
    "string_": np.bytes_,
    "unicode_": np.str_,
    "float_": np.float64,
    "NAN": np.nan,
}


def install() -> None:
    for name, value in ALIASES.items():
        if name not in np.__dict__:
            setattr(np, name, value)
