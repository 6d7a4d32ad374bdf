"""Which jobs a person sees, and which they may change."""

from __future__ import annotations

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from sw_site.accounts.roles import NotAllowed, Role
from sw_site.jobs.models import Job


def job_for(request: HttpRequest, pk: int) -> Job:
    return get_object_or_404(Job.objects.visible_to(request.user), pk=pk)


def job_to_change(request: HttpRequest, pk: int) -> Job:
    """A job of one's own, or of a dataset one manages; NotAllowed (403) for others that one sees."""
    job = job_for(request, pk)
    if not Job.objects.open_to(request.user, Role.MANAGER).filter(pk=pk).exists():
        raise NotAllowed(Role.MANAGER, "this job")
    return job
