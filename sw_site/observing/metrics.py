"""Figures in the text format of Prometheus, for who knows the token (SW_METRICS_TOKEN)."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db.models import Count, Min
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import REGISTRY, Collector

from sw_site.jobs.models import Job, JobState
from training.models import Run

#: Seconds; the site's own bounds (a page 0.4, a save 0.25) are among them.
BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.4, 1.0, 2.5, 10.0)
SHARED = "PROMETHEUS_MULTIPROC_DIR"
REQUESTS = Counter("sw_requests", "Requests answered.", ["method", "view", "status"])
SECONDS = Histogram("sw_request_seconds", "Time to answer a request.", ["view"], buckets=BUCKETS)


def observe(request: HttpRequest, status: int, seconds: float) -> None:
    """By the name of the view, never by the path, of which there are as many as photos."""
    match = request.resolver_match
    view = match.view_name if match else "none"
    REQUESTS.labels(request.method, view, status).inc()
    SECONDS.labels(view).observe(seconds)


class SiteCollector(Collector):
    """What the database and the disk say at the moment they are asked."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        jobs = GaugeMetricFamily("sw_jobs", "Jobs by queue and state.", labels=["queue", "state"])
        oldest = GaugeMetricFamily(
            "sw_oldest_waiting_job_seconds", "Age of the oldest job that waits.", labels=["queue"]
        )
        for queue, state, count, since in _by_queue():
            jobs.add_metric([queue, state], count)
            if state == JobState.QUEUED:
                oldest.add_metric([queue], (timezone.now() - since).total_seconds())
        runs = GaugeMetricFamily("sw_runs", "Runs by state.", labels=["state"])
        for state, count in Run.objects.exclude(job=None).order_by().values_list("job__state").annotate(Count("pk")):
            runs.add_metric([state], count)
        yield from (jobs, oldest, runs, *_disks())


def _by_queue() -> Iterator[tuple]:
    rows = Job.objects.order_by().values_list("queue", "state")
    return rows.annotate(count=Count("pk"), since=Min("created_at")).iterator()


def _disks() -> Iterator[GaugeMetricFamily]:
    free = GaugeMetricFamily("sw_disk_free_bytes", "Free on the disk of a folder.", labels=["folder"])
    total = GaugeMetricFamily("sw_disk_bytes", "Size of the disk of a folder.", labels=["folder"])
    for name, folder in {"media": settings.MEDIA_ROOT, "runs": settings.RUNS_ROOT}.items():
        existing = next(each for each in (Path(folder), *Path(folder).parents) if each.exists())
        usage = shutil.disk_usage(existing)
        free.add_metric([name], usage.free)
        total.add_metric([name], usage.total)
    yield from (free, total)


def registry() -> CollectorRegistry:
    """Of all web processes together, where there are several (gunicorn_config names the folder they share)."""
    if os.environ.get(SHARED):
        found = CollectorRegistry()
        MultiProcessCollector(found)
    else:
        found = CollectorRegistry()
        found.register(_Own())
    found.register(SiteCollector())
    return found


class _Own(Collector):
    """What this process counted, and what it takes itself (memory, processor time, open files)."""

    def collect(self) -> Iterator:
        return iter(REGISTRY.collect())


def metrics(request: HttpRequest) -> HttpResponse:
    """404 where no token is set, 401 without it: figures tell who works when, and how much there is."""
    token = settings.METRICS_TOKEN
    if not token:
        return HttpResponse(
            "Metrics are off; SW_METRICS_TOKEN switches them on.\n", status=404, content_type="text/plain"
        )
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not secrets.compare_digest(given.encode(), token.encode()):
        headers = {"WWW-Authenticate": "Bearer"}
        return HttpResponse(
            "Send the token of SW_METRICS_TOKEN.\n", status=401, content_type="text/plain", headers=headers
        )
    return HttpResponse(generate_latest(registry()), content_type=CONTENT_TYPE_LATEST)
