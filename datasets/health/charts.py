"""A report as rows and cells that a template can draw: bars as shares of the longest, a heat map as squares."""

from __future__ import annotations

from typing import Any

CELL = 20


def bars(rows: list[dict[str, Any]], unit: str = "") -> list[dict[str, Any]]:
    """Histogram rows as [{label, count, percent}]; empty rows at both ends are left out."""
    counts = [row["count"] for row in rows]
    filled = [n for n, count in enumerate(counts) if count]
    if not filled:
        return []
    most = max(counts)
    shown = rows[filled[0] : filled[-1] + 1]
    return [{"label": label(row, unit), "count": row["count"], "percent": 100 * row["count"] / most} for row in shown]


def label(row: dict[str, Any], unit: str) -> str:
    low, high = row["from"], row["to"]
    if high is None:
        return f"{low:g}{unit} and more"
    if not unit and isinstance(low, int) and isinstance(high, int):
        return f"{low}" if high == low + 1 else f"{low} to {high - 1}"
    return f"under {high:g}{unit}" if not low else f"{low:g} to {high:g}{unit}"


def heat(rows: list[list[int]]) -> dict[str, Any]:
    """Squares of a heat map: {width, height, cells: [{x, y, side, opacity, count}]}, in units of the drawing."""
    most = max((n for row in rows for n in row), default=0)
    cells = [
        {"x": x * CELL, "y": y * CELL, "side": CELL, "opacity": f"{n / most if most else 0:.3f}", "count": n}
        for y, row in enumerate(rows)
        for x, n in enumerate(row)
    ]
    return {"width": CELL * len(rows[0]), "height": CELL * len(rows), "cells": cells, "most": most}


def class_bars(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    most = max((row["boxes"] for row in rows), default=0) or 1
    return [{**row, "percent": 100 * row["boxes"] / most} for row in rows]
