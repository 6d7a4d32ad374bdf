"""Words and figures of jobs in templates."""

from __future__ import annotations

from collections.abc import Sequence

from django import template

from sw_site.jobs.models import Job

register = template.Library()


@register.filter
def mean_percent(jobs: Sequence[Job]) -> float:
    """Mean progress of jobs, 0 to 100."""
    return sum(job.percent for job in jobs) / len(jobs) if jobs else 0.0


@register.filter
def duration(seconds: float | None) -> str:
    """A length of time in words: "42 s", "3 min 5 s", "2 h 10 min"."""
    if seconds is None:
        return ""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
