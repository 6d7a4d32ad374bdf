"""The first process sets up what the others need, so they wait for its word."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

import pytest

from sw_site.supervisor import Supervisor, port_problem


@pytest.fixture
def run(tmp_path):
    """Supervises Python programs until `stop_when`; (exit code, what it said)."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def supervise(stop_when, **programs: str) -> tuple[int, list[str]]:
        said: list[str] = []
        commands = {name: [sys.executable, "-c", code] for name, code in programs.items()}
        end = threading.Event()

        def stop() -> None:
            while not end.wait(0.05):
                if stop_when():
                    os.kill(os.getpid(), signal.SIGTERM)
                    return

        watching = threading.Thread(target=stop)
        watching.start()
        try:
            return Supervisor(commands, say=said.append, first_alone=True).run(), said
        finally:
            end.set()
            watching.join()

    yield supervise
    for number, handler in before.items():
        signal.signal(number, handler)


def written(path):
    return lambda: path.exists() and path.stat().st_size > 0


def mark(path) -> str:
    """A program that writes into the file when it began, and stays."""
    return f"import time; open({str(path)!r}, 'w').write(str(time.time())); time.sleep(60)"


def test_the_others_start_when_the_first_is_ready(run, tmp_path):
    first, other = tmp_path / "first", tmp_path / "other"
    ready = f"time.sleep(1); open({str(first)!r}, 'w').write(str(time.time())); say_ready(); time.sleep(60)"
    program = f"import time; from sw_site.lib.process import say_ready; {ready}"
    assert run(written(other), web=program, worker=mark(other)) == (0, ["Stopping…"])
    assert float(other.read_text()) > float(first.read_text())


def test_without_the_first_there_are_no_others(run, tmp_path):
    other = tmp_path / "other"
    assert run(lambda: False, web="raise SystemExit(3)", worker=mark(other)) == (1, [])
    assert not other.exists()


def test_a_stop_does_not_wait_for_the_first(run, tmp_path):
    first, other, began = tmp_path / "first", tmp_path / "other", time.monotonic()
    assert run(written(first), web=mark(first), worker=mark(other)) == (0, ["Stopping…"])
    assert not other.exists() and time.monotonic() - began < 20


@pytest.mark.parametrize("port", ["eighty", "70000"])
def test_a_port_that_is_none_is_said(monkeypatch, port):
    monkeypatch.setenv("PORT", port)
    assert "PORT" in port_problem()
