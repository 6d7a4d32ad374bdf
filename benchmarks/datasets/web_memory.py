"""Memory of a site at rest and after use: web process and workers, and whether any of them has loaded TensorFlow.

.venv/bin/python -m benchmarks.datasets.web_memory
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

import psutil


def main() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as data:
        environment = {**os.environ, "DATA_DIR": data, "PORT": str(port), "SW_DEMO": "0"}
        site = subprocess.Popen([sys.executable, "manage.py", "serve"], env=environment, stdout=subprocess.DEVNULL)
        try:
            seconds = wait(f"http://127.0.0.1:{port}/sign-in/")
            for _ in range(200):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/sign-in/").read()
            print(json.dumps({"first_start_seconds": seconds, **memory(site.pid)}, indent=2))
        finally:
            site.send_signal(signal.SIGTERM)
            site.wait(60)


def wait(url: str) -> float:
    started = time.perf_counter()
    while time.perf_counter() - started < 120:
        try:
            urllib.request.urlopen(url).read()  # noqa: S310
            return round(time.perf_counter() - started, 1)
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the site did not start")


def memory(pid: int) -> dict[str, object]:
    """Resident megabytes by process; shared pages are counted in each."""
    rows = {}
    for process in [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]:
        name = " ".join(process.cmdline()[1:4])
        loaded = any("tensorflow" in mapped.path for mapped in process.memory_maps())
        rows[f"{process.pid} {name}"] = {"rss_mb": round(process.memory_info().rss / 1e6, 1), "tensorflow": loaded}
    return {"processes": rows, "total_rss_mb": round(sum(row["rss_mb"] for row in rows.values()), 1)}


if __name__ == "__main__":
    main()
