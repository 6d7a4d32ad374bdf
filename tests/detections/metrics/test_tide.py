"""TIDE against tidecv, the original, and our outcomes against its lists of errors."""

from __future__ import annotations

from collections import Counter

import pytest

from detections.metrics.coco import run_hotcoco, tide_figures
from detections.metrics.matching import OUTCOMES, match
from detections.metrics.table import make_table
from detections.metrics.values import ImageResult
from tests.detections.metrics.oracles import tidecv_run
from tests.detections.metrics.scenes import CLASSES, random_scene, untied

OUTCOME_OF = {"Cls": "wrong_class", "Loc": "poor_box", "Both": "both", "Dupe": "duplicate", "Bkg": "background"}


@pytest.mark.parametrize("iou", [0.5, 0.75])
@pytest.mark.parametrize("seed", range(6))
def test_gains_and_counts_equal_tidecv(seed, iou):
    images = untied(random_scene(seed))
    run = tidecv_run(images, iou)
    table = make_table(images)
    ours = tide_figures(run_hotcoco(table, CLASSES), iou)
    expected = {error.short_name: gain / 100 for error, gain in run.fix_main_errors().items()}
    expected |= {error.short_name: gain / 100 for error, gain in run.fix_special_errors().items()}
    names = {"FalsePos": "FP", "FalseNeg": "FN"}
    assert ours.ap == pytest.approx(run.ap / 100, abs=1e-6)
    assert ours.gains == pytest.approx({names.get(name, name): gain for name, gain in expected.items()}, abs=1e-6)
    counts = {error.short_name: count for error, count in run.count_errors().items()}
    assert ours.counts == counts
    outcomes = Counter(OUTCOMES[number] for number in match(table, iou).outcome)
    assert {name: outcomes[outcome] for name, outcome in OUTCOME_OF.items()} == {
        name: counts[name] for name in OUTCOME_OF
    }
    matching = match(table, iou)
    assert int(((matching.box < 0) & ~matching.pointed_at).sum()) == counts["Miss"]


def test_gains_solved_by_hand():
    """Two objects: one found at 0.9, one under a box of another class (0.8). Given the right class, AP would be 1."""
    truths = [(1, 0, 0, 100, 100), (1, 200, 0, 300, 100)]
    images = [ImageResult.build(1, truths, [(1, 0.9, 0, 0, 100, 100), (2, 0.8, 200, 0, 300, 100)])]
    found = tide_figures(run_hotcoco(make_table(images), {1: "BB-8", 2: "R2-D2"}), 0.5)
    assert found.counts["Cls"] == 1 and sum(found.counts.values()) == 1
    assert found.gains["Cls"] == pytest.approx(1 - 51 / 101)


def test_without_predictions_nothing_can_be_repaired_but_misses():
    found = tide_figures(run_hotcoco(make_table([ImageResult.build(1, [(1, 0, 0, 9, 9)], [])]), {1: "BB-8"}), 0.5)
    assert (found.ap, found.counts["Miss"], found.gains["Bkg"]) == (0.0, 1, 0.0)
