"""Is a process that somebody noted still there?"""

from __future__ import annotations

import multiprocessing
import os
import socket

import psutil

from sw_site.lib.process import is_gone, me


def test_a_process_is_told_from_one_that_ended_and_from_those_of_other_machines():
    assert not is_gone(me())
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        other = pool.apply(me)
        assert other != me() and not is_gone(other)
    assert is_gone(other)
    assert not is_gone(other.replace(socket.gethostname(), "elsewhere"))
    assert not is_gone("") and not is_gone("application/json")


def test_a_number_that_was_given_out_again_is_another_process():
    began = psutil.Process().create_time()
    assert is_gone(f"{socket.gethostname()}:{os.getpid()}:{began - 60:.2f}")
