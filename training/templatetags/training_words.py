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
def duration(seconds: float | str | None) -> str:
    """Seconds in the unit that fits; empty when there is nothing to say (of nothing, a template makes "")."""
    return "" if seconds is None or isinstance(seconds, str) else words.duration(seconds)


@register.filter
def difference(value: float) -> str:
    """How far an export is from its checkpoint, with as many digits as mean something."""
    if value == 0:
        return "none"
    return "under 0.000001" if value < 1e-6 else f"{value:.6f}"


@register.filter
def file_name(path: str) -> str:
    """The last part of a path; empty for no path."""
    return (path or "").rsplit("/", 1)[-1]


@register.filter
def points(value: float) -> str:
    """A difference of two shares in signed points: 0.053 as "+5.3"."""
    return f"{100 * value:+.1f}".replace("-", "\N{MINUS SIGN}")


@register.filter
def megabytes(value: float | None) -> str:
    """Megabytes in the unit that fits."""
    return "–" if value is None else words.size(1e6 * value)


@register.filter
def found_words(count: int) -> str:
    """How many boxes a photo shows that the model found."""
    return f"{count} found" if count else "nothing found"
