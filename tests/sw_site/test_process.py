"""Is a process that somebody noted still there?"""

from __future__ import annotations

import multiprocessing
import os
import socket
import subprocess
import sys

import psutil

from sw_site.lib.process import bare_environment, is_gone, me


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


def test_a_program_that_reads_strangers_files_is_given_little(monkeypatch):
    monkeypatch.setenv("SW_SECRET_KEY", "the key")
    monkeypatch.setenv("DATABASE_URL", "postgres://u:p@h/d")
    code = "import os; from sw_site.lib.process import take_little; take_little(memory_gb=1); print(*os.environ)"
    run = [sys.executable, "-c"]
    done = subprocess.run([*run, code], env=bare_environment(), capture_output=True, text=True, check=True)
    assert "PATH" in done.stdout.split() and not {"SW_SECRET_KEY", "DATABASE_URL"} & set(done.stdout.split())
    greedy = subprocess.run([*run, f"{code}; bytearray(2**31)"], capture_output=True, text=True, check=False)
    assert greedy.returncode != 0 and "MemoryError" in greedy.stderr
