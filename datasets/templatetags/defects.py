"""Remarks of an import as a page shows them."""

from __future__ import annotations

from collections.abc import Iterable

from django import template

from datasets.formats.defects import Group, grouped
from datasets.formats.records import Problem

register = template.Library()


@register.simple_tag
def defect_groups(problems: Iterable[dict[str, str]]) -> list[Group]:
    """Remarks as an import's result holds them, by what is wrong."""
    return grouped(Problem(**row) for row in problems)
