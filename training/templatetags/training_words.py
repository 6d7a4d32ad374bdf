"""Figures of training as people read them."""

from __future__ import annotations

from django import template

from training import words

register = template.Library()


@register.filter
def percent(value: float | None) -> str:
    """0.753 as "75.3 %"; nothing measured as "n/a"."""
    return words.percent(value)


@register.filter
def hundred(value: float | None) -> float:
    """A share as 0 to 100, for bars."""
    return 100 * (value or 0.0)


@register.filter
def size(count: int) -> str:
    """Bytes in the unit that fits."""
    return words.size(count)


@register.filter
def duration(seconds: float | None) -> str:
    """Seconds in the unit that fits; empty when there is nothing to say."""
    return "" if seconds is None else words.duration(seconds)
