"""The page of somebody who was known to a provider and is not let in, or whose sign-in went wrong."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def refused_page(request: HttpRequest, why: str, status: int = 403) -> HttpResponse:
    return render(request, "team/doors/refused.html", {"why": why}, status=status)
