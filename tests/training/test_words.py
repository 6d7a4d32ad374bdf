"""Durations, sizes and shares in words; curves thinned."""

from __future__ import annotations

import pytest

from training import words
from training.series import thin
from training.templatetags.training_words import difference, file_name


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "1 s"), (59, "59 s"), (90, "2 min"), (3590, "1 h"), (3600, "1 h"), (7900, "2 h 12 min")]
)
def test_duration(seconds, text):
    assert words.duration(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 bytes"), (999, "999 bytes"), (1234, "1.2 kB"), (5e6, "5.0 MB"), (4e12, "4,000 GB")]
)
def test_size(count, text):
    assert words.size(count) == text


@pytest.mark.parametrize(("value", "text"), [(None, "n/a"), (0.0, "0.0 %"), (-0.0, "0.0 %"), (0.7534, "75.3 %")])
def test_percent(value, text):
    assert words.percent(value) == text


def test_thin_leaves_short_curves_alone():
    assert thin([1, 2, 3], 3) == [1, 2, 3]
    assert thin([], 3) == []


def test_thin_keeps_the_ends_and_only_points_that_were_there():
    points = [[step, step**2] for step in range(10_001)]
    kept = thin(points, 1000)
    assert len(kept) == 1000
    assert (kept[0], kept[-1]) == (points[0], points[-1])
    assert all(point in points for point in kept[::97])


@pytest.mark.parametrize(("value", "text"), [(0, "none"), (2e-7, "under 0.000001"), (0.00012, "0.000120")])
def test_difference(value, text):
    assert difference(value) == text


@pytest.mark.parametrize(("path", "name"), [("/a/b.h5", "b.h5"), ("", ""), (None, "")])
def test_file_name(path, name):
    assert file_name(path) == name
