"""Costly answers that many people ask for in the same moment: worked out once for all of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from typing import Any


class Together:
    """One computation at a time, so that its memory is needed once and not for each person.

    Who asks while one is under way waits for the next, and all who waited share that one: nobody is given an answer
    that was begun before they asked, so what somebody saved a moment ago is in it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: tuple[Hashable, float, Any] = (None, 0.0, None)

    def ask(self, key: Hashable, work_out: Callable[[], Any]) -> Any:
        """The answer to `key`, which others may hold as well: it is not to be changed."""
        asked = time.monotonic()
        with self._lock:
            known, begun, answer = self._last
            if known != key or begun <= asked:
                begun = time.monotonic()
                answer = work_out()
                self._last = (key, begun, answer)
            return answer
