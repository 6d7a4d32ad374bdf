"""One computation for all who ask while another is under way."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from sw_site.lib.together import Together


class Counter:
    """Each computation waits until it may end, and answers with its number."""

    def __init__(self) -> None:
        self.number, self.at_once, self.most = 0, 0, 0
        self.begun, self.may_end = threading.Event(), threading.Event()

    def __call__(self) -> int:
        self.number, self.at_once = self.number + 1, self.at_once + 1
        self.most = max(self.most, self.at_once)
        self.begun.set()
        assert self.may_end.wait(30)
        self.at_once -= 1
        return self.number


def ask_meanwhile(counter: Counter, keys: list[str]) -> tuple[int, list[int]]:
    """What the first is told, and those who ask for `keys` while the first one's computation runs."""
    together, arrived = Together(), threading.Semaphore(0)
    entering = together._lock

    class Lock:
        def __enter__(self) -> None:
            arrived.release()
            entering.acquire()

        def __exit__(self, *args: object) -> None:
            entering.release()

    together._lock = Lock()  # type: ignore[assignment]
    with ThreadPoolExecutor(9) as pool:
        first = pool.submit(together.ask, "a", counter)
        assert counter.begun.wait(30)
        others = [pool.submit(together.ask, key, counter) for key in keys]
        for _ in range(1 + len(keys)):
            assert arrived.acquire(timeout=30)
        counter.may_end.set()
        return first.result(30), [other.result(30) for other in others]


def test_all_who_waited_share_the_next_computation():
    counter = Counter()
    assert ask_meanwhile(counter, ["a"] * 8) == (1, [2] * 8)
    assert counter.most == 1


def test_nobody_is_told_the_answer_to_another_question():
    counter = Counter()
    _, answers = ask_meanwhile(counter, ["b", "c"])
    assert sorted(answers) == [2, 3] and counter.most == 1


def test_who_asks_later_is_told_what_holds_then():
    together = Together()
    assert [together.ask("a", lambda n=n: n) for n in range(3)] == [0, 1, 2]


def test_a_failure_is_nobodys_answer_but_the_one_who_met_it():
    together = Together()
    with pytest.raises(ZeroDivisionError):
        together.ask("a", lambda: 1 // 0)
    assert together.ask("a", lambda: 1) == 1
