"""The one foreground process: starts from nothing, starts again, stops cleanly, survives kill -9 of its parts."""

from __future__ import annotations

import os
import platform
import re
import signal
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.e2e.conftest import ROOT, free_port, start_site

pytestmark = pytest.mark.browser


def processes_of(data_dir: Path) -> list[int]:
    """Processes whose environment names this data folder."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and f"DATA_DIR={data_dir}".encode() in (entry / "environ").read_bytes().split(
                b"\0"
            ):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def command_of(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()


def get(url: str) -> int:
    with urllib.request.urlopen(url, timeout=30) as response:  # noqa: S310
        return response.status


def test_a_first_start_makes_everything_and_a_second_keeps_it(tmp_path):
    site = start_site(tmp_path, SW_DEMO="0")
    assert site.password and get(f"{site.url}/sign-in/") == 200
    assert (tmp_path / "db.sqlite3").exists() and (tmp_path / "secret_key").stat().st_mode & 0o077 == 0
    assert site.stop() == 0
    assert processes_of(tmp_path) == []
    again = start_site(tmp_path, SW_DEMO="0")
    assert "First administrator" not in "".join(again.lines) and get(f"{again.url}/sign-in/") == 200
    assert again.stop() == 0


def test_a_worker_killed_hard_comes_back_and_nothing_outlives_the_supervisor(tmp_path):
    site = start_site(tmp_path, SW_DEMO="0")
    worker = kill_hard("--queues default", tmp_path)
    wait_until(lambda: set(running("--queues default", tmp_path)) - {worker})
    wait_until(lambda: "starting it again" in "".join(site.lines))  # said before, but read by a thread of its own
    site.process.kill()
    site.process.wait()
    wait_until(lambda: processes_of(tmp_path) == [])
    assert processes_of(tmp_path) == []


def test_a_web_process_killed_hard_comes_back_though_its_own_children_may_still_listen(tmp_path):
    site = start_site(tmp_path, SW_DEMO="0")
    master = int(next(pid for pid in running("--web-only", tmp_path) if parent_of(pid) == site.process.pid))
    children = [pid for pid in running("--web-only", tmp_path) if pid != master]
    for child in children:  # as those that have long requests to end: they hold the port for as long
        os.kill(child, signal.SIGSTOP)
    os.kill(master, signal.SIGKILL)
    wait_until(lambda: set(running("--web-only", tmp_path)) - {master, *children})
    time.sleep(3)
    for child in children:
        os.kill(child, signal.SIGCONT)
    wait_until(lambda: get(f"{site.url}/sign-in/") == 200)
    assert "".join(site.lines).count("starting it again") == 1
    assert site.stop() == 0


def running(word: str, data_dir: Path) -> list[int]:
    return [pid for pid in processes_of(data_dir) if word in command_of(pid)]


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def kill_hard(word: str, data_dir: Path) -> int:
    """The first process with this word in its command, as soon as there is one."""
    wait_until(lambda: running(word, data_dir))
    pid = running(word, data_dir)[0]
    os.kill(pid, signal.SIGKILL)
    return pid


def wait_until(happened, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if happened():
                return
        except (OSError, StopIteration):
            pass
        time.sleep(0.1)
    raise AssertionError(f"did not happen within {seconds} s")


def test_a_port_in_use_is_said(tmp_path):
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", free_port()))
        taken.listen()
        environment = {
            **os.environ,
            "PORT": str(taken.getsockname()[1]),
            "DATA_DIR": str(tmp_path),
            "DJANGO_SETTINGS_MODULE": "sw_site.settings",
        }
        run = subprocess.run(
            [sys.executable, "manage.py", "serve"], cwd=ROOT, env=environment, capture_output=True, text=True
        )
    assert run.returncode == 1 and "Choose another" in run.stderr


HEAP_BYTES = 64 * 2**20  # what glibc sets aside for each heap but the first, at an address that is a multiple of it


def heaps_of_threads(pid: int) -> int:
    """Heaps of a process besides its first: what is used of one, then what is set aside."""
    text = Path(f"/proc/{pid}/maps").read_text()
    found = re.findall(r"^([0-9a-f]+)-([0-9a-f]+) (rw-p|---p) 0+ 00:00 0\s*$", text, re.M)
    spans = [(int(begin, 16), int(end, 16), rights) for begin, end, rights in found]
    return sum(
        begin % HEAP_BYTES == 0 and rights == "rw-p" and rest[0] == end and rest[1] == begin + HEAP_BYTES
        for (begin, end, rights), rest in zip(spans, spans[1:], strict=False)
    )


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library than glibc, which has no such heaps")
def test_a_web_process_has_one_heap_also_when_it_drew_the_demo_with_threads(tmp_path):
    site = start_site(tmp_path, SW_DEMO="1")
    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(get, [f"{site.url}/sign-in/"] * 64)) == {200}
    processes = running("--web-only", tmp_path)
    assert len(processes) > 1 and {heaps_of_threads(pid) for pid in processes} == {0}
    assert site.stop() == 0
