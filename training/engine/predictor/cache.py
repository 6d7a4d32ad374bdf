"""The models of one process: those used last stay in memory, within a bound."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path

from training.engine.predictor.predictor import Predictor, model_file

CACHED_MODELS = 4
CACHED_MEGABYTES = 400  # of model files together; loaded, a model takes about twice its file

_cache: OrderedDict[tuple[Path, int], Predictor] = OrderedDict()
_lock = threading.Lock()


def get_predictor(path: Path | str) -> Predictor:
    """A shared predictor for an export folder or file; a new export in the same place is noticed.

    Those used last stay in memory, up to `CACHED_MODELS` of them and `CACHED_MEGABYTES`; the one asked for always does.
    """
    model = model_file(Path(path)).resolve()
    key = (model, model.stat().st_mtime_ns)
    with _lock:
        if key not in _cache:
            for outdated in [other for other in _cache if other[0] == model]:
                del _cache[outdated]
            _cache[key] = Predictor(model)
        _cache.move_to_end(key)
        while len(_cache) > 1 and too_much():
            _cache.popitem(last=False)
        return _cache[key]


def too_much() -> bool:
    megabytes = sum(predictor.bytes for predictor in _cache.values()) / 2**20
    return len(_cache) > CACHED_MODELS or megabytes > CACHED_MEGABYTES
