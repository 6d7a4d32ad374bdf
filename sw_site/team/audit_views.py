"""The audit trail as a page and as a file."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from datasets.models import Dataset
from sw_site.accounts.roles import Role
from sw_site.lib.spreadsheets import harmless
from sw_site.team.audit_models import AuditEntry, AuditQuerySet, Via

ROWS = 50
COLUMNS = ("at", "who", "via", "action", "summary", "dataset_name", "token", "address")


class AuditForm(forms.Form):
    """What is looked for; all may be empty."""

    text = forms.CharField(max_length=100, required=False, label="Words or address")
    person = forms.CharField(max_length=150, required=False)
    dataset = forms.ChoiceField(required=False)
    via = forms.ChoiceField(required=False, choices=[("", "Any way"), *Via.choices], label="How")
    since = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}), label="From")
    until = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}), label="To")

    def __init__(self, data: Any, user: Any) -> None:
        super().__init__(data)
        datasets = Dataset.objects.open_to(user, Role.MANAGER).values_list("slug", "name")
        self.fields["dataset"].choices = [("", "Any dataset"), *datasets]  # type: ignore[attr-defined]


def found_by(request: HttpRequest) -> tuple[AuditForm, AuditQuerySet]:
    form = AuditForm(request.GET, request.user)
    rows = AuditEntry.objects.visible_to(request.user)
    return form, rows.matching(**form.cleaned_data) if form.is_valid() else rows.none()


@require_safe
def audit_list(request: HttpRequest) -> HttpResponse:
    form, rows = found_by(request)
    page = Paginator(rows.select_related("dataset"), ROWS).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    context = {"form": form, "page_obj": page, "query": query.urlencode()}
    return TemplateResponse(request, "team/audit_list.html", context)


@require_safe
def audit_csv(request: HttpRequest) -> StreamingHttpResponse:
    """What the page shows, all of it, newest first."""
    _, rows = found_by(request)
    response = StreamingHttpResponse(csv_lines(rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="audit.csv"'
    return response


class Echo:
    """A file whose lines are given back as they are written."""

    def write(self, line: str) -> str:
        return line


def csv_lines(rows: AuditQuerySet) -> Iterator[str]:
    writer = csv.writer(Echo())
    yield writer.writerow(COLUMNS)
    for row in rows.values_list(*COLUMNS).iterator(2000):
        yield writer.writerow([safe(value) for value in row])


def safe(value: Any) -> str:
    """A spreadsheet takes a text that begins like this for a formula."""
    return str(harmless(value.isoformat() if hasattr(value, "isoformat") else str(value or "")))
