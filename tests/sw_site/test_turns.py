"""Writers of SQLite queue: the threads of one process, and processes among each other."""

import fcntl
import threading

import pytest

from sw_site.lib import turns
from sw_site.lib.turns import in_turn


@pytest.fixture
def elsewhere(settings, tmp_path):
    """The lock as another process has it: an opening of its own."""
    settings.RUNS_ROOT = tmp_path / "runs"
    turns._file.cache_clear()
    yield lambda: (tmp_path / "locks" / "writing.lock").open("wb")
    turns._file.cache_clear()


def taken(file) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    fcntl.flock(file, fcntl.LOCK_UN)
    return False


def test_other_processes_wait_until_the_outermost_turn_is_over(db, elsewhere):
    with in_turn():
        with in_turn():
            assert taken(elsewhere())
        assert taken(elsewhere())
    assert not taken(elsewhere())


def test_a_turn_that_fails_is_over(db, elsewhere):
    with pytest.raises(ValueError), in_turn():
        int("x")
    assert not taken(elsewhere())


def test_a_thread_waits_for_another_process(db, elsewhere):
    with in_turn():
        pass
    file, entered = elsewhere(), threading.Event()
    fcntl.flock(file, fcntl.LOCK_EX)

    def enter() -> None:
        with in_turn():
            entered.set()

    thread = threading.Thread(target=enter)
    thread.start()
    assert not entered.wait(0.2)
    fcntl.flock(file, fcntl.LOCK_UN)
    assert entered.wait(10)
    thread.join()


def test_postgres_needs_no_turns(elsewhere, monkeypatch, tmp_path):
    monkeypatch.setattr(turns, "connection", type("Postgres", (), {"vendor": "postgresql"}))
    with in_turn():
        assert not (tmp_path / "locks").exists()
