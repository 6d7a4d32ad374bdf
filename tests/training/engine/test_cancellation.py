"""When a stop request interrupts and when it waits."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from training.engine.cancellation import Cancellation
from training.engine.errors import Cancelled


@pytest.fixture
def stop(tmp_path):
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    stop = Cancellation(tmp_path / "cancel")
    stop.listen()
    yield stop
    signal.set_wakeup_fd(-1)
    for number, handler in before.items():
        signal.signal(number, handler)


def test_nothing_happens_unasked(stop):
    stop.check()
    assert not stop.requested()


def test_the_file_is_a_request(stop, tmp_path):
    (tmp_path / "cancel").touch()
    assert stop.requested()
    with pytest.raises(Cancelled):
        stop.check()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_interrupts_at_once(stop, number):
    with pytest.raises(Cancelled):
        os.kill(os.getpid(), number)
    assert stop.requested()


def test_a_deferred_signal_waits_for_the_check(stop):
    with stop.deferred():
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.requested()
    with pytest.raises(Cancelled):
        stop.check()


def test_a_signal_is_heard_while_the_main_thread_is_busy(stop):
    """A handler of Python runs when the main thread comes back from TensorFlow, a block of steps later."""
    heard = []
    with stop.deferred(), ThreadPoolExecutor(1) as pool:
        signal.signal(signal.SIGTERM, lambda number, frame: None)  # whatever the handler does comes too late
        heard.append(stop.requested())
        os.kill(os.getpid(), signal.SIGTERM)
        heard.append(pool.submit(stop.requested).result())
    assert heard == [False, True] and stop.requested()
