"""How `manage.py serve` runs the web processes: threads in each, everything by environment."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from typing import Any

from sw_site.databases import web_processes
from sw_site.env import address, env_int, env_str
from sw_site.lib.allocator import give_back, keep_giving_back
from sw_site.lib.collector import keep_for_good
from sw_site.lib.process import die_with_parent, say_ready
from sw_site.logs import logging_config

SHARED_METRICS = "PROMETHEUS_MULTIPROC_DIR"

bind = "{}:{}".format(*address())
workers = env_int("SW_WEB_PROCESSES", web_processes(env_str("DATABASE_URL")))
preload_app = True
threads = env_int("SW_WEB_THREADS")
worker_class = "gthread"
timeout = 120
# Longer than a proxy keeps its connections (nginx: 60 s): the proxy closes first, never in the middle of a request.
keepalive = 75
graceful_timeout = 10
# As much as nginx takes: a longer address is refused before the site sees it.
limit_request_line = 8190
wsgi_app = "sw_site.wsgi:application"
loglevel = "warning"
_logs = logging_config(env_str("SW_LOG_FORMAT"), env_str("SW_LOG_LEVEL"))
logconfig_dict = {**_logs, "loggers": {**_logs["loggers"], "gunicorn.error": {"level": "WARNING", "propagate": True}}}
# Several processes add up their figures in files, which the metrics library looks for when it is imported: by gunicorn
# this file is read before that, and whoever else reads it serves nothing.
if workers > 1 and "gunicorn.arbiter" in sys.modules:
    os.environ[SHARED_METRICS] = tempfile.mkdtemp(prefix="sw-site-metrics-")


def on_starting(server: object) -> None:
    """Load what pages are made of once, before the processes part: what nobody writes to they have in common."""
    die_with_parent()
    load_pages()
    give_back()  # what setting up took, before each process has a copy of it


def post_fork(server: object, worker: object) -> None:
    keep_giving_back()


def when_ready(server: object) -> None:
    say_ready()


def child_exit(server: object, worker: Any) -> None:
    if SHARED_METRICS in os.environ:
        from prometheus_client.multiprocess import mark_process_dead

        mark_process_dead(worker.pid)


def on_exit(server: object) -> None:
    if folder := os.environ.get(SHARED_METRICS):
        shutil.rmtree(folder, ignore_errors=True)


def post_worker_init(worker: object) -> None:
    load_pages()


def load_pages() -> None:
    from django.urls import get_resolver

    _ = get_resolver().url_patterns
    keep_for_good()
