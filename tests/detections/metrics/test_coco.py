"""The COCO figures against pycocotools and against a case solved by hand."""

from __future__ import annotations

import numpy as np
import pytest

from detections.metrics.coco import SUMMARY, coco_dataset, coco_results
from detections.metrics.matching import OUTCOMES, match
from detections.metrics.report import report
from detections.metrics.table import make_table
from detections.metrics.values import Figures, ImageResult
from tests.detections.metrics.oracles import pycocotools_evaluation
from tests.detections.metrics.scenes import CLASSES, random_scene


def figures_of(images: list[ImageResult], classes: dict[int, str], score: float = 0.5) -> Figures:
    return report(make_table(images), classes, score)


@pytest.mark.parametrize("seed", range(6))
def test_twelve_figures_equal_pycocotools(seed):
    images = random_scene(seed)
    expected = pycocotools_evaluation(images, CLASSES).stats
    figures = figures_of(images, CLASSES)
    ours = [-1 if getattr(figures, name) is None else getattr(figures, name) for name in SUMMARY]
    assert ours == pytest.approx(list(expected), abs=1e-9)


@pytest.mark.parametrize("seed", range(6))
def test_class_figures_equal_pycocotools(seed):
    images = random_scene(seed)
    oracle = pycocotools_evaluation(images, CLASSES)
    figures = figures_of(images, CLASSES)
    for index, found in enumerate(figures.per_class):
        assert found.ap == pytest.approx(oracle.eval["precision"][:, :, index, 0, 2].mean(), abs=1e-9)
        assert found.ap50 == pytest.approx(oracle.eval["precision"][0, :, index, 0, 2].mean(), abs=1e-9)


def test_quarters_hold_a_quarter_of_the_objects_and_their_ap_is_pycocotools():
    images = random_scene(2, images=40)
    quarters = figures_of(images, CLASSES).sizes[3:]
    counts = [each.objects for each in quarters]
    assert sum(counts) == sum(len(image.true_boxes) for image in images)
    assert max(counts) - min(counts) <= 1
    oracle = pycocotools_evaluation(images, CLASSES)
    for each in quarters:
        oracle.params.areaRng[1] = [each.low, each.high or 1e10]
        oracle.evaluate()
        oracle.accumulate()
        precision = oracle.eval["precision"][:, :, :, 1, 2]
        assert each.ap == pytest.approx(precision[precision > -1].mean(), abs=1e-9)


@pytest.mark.parametrize("seed", range(6))
def test_precision_and_recall_stand_on_the_same_matches_as_pycocotools(seed):
    images = random_scene(seed)
    oracle = pycocotools_evaluation(images, CLASSES)
    figures = figures_of(images, CLASSES)
    for found in figures.per_class:
        hits = predictions = 0
        for image in oracle.evalImgs:
            if image and image["category_id"] == found.class_id and image["aRng"] == oracle.params.areaRng[0]:
                counted = np.asarray(image["dtScores"]) >= 0.5
                hits += int(((image["dtMatches"][0] > 0) & counted).sum())
                predictions += int(counted.sum())
        assert found.predictions == predictions
        assert found.precision == pytest.approx(hits / predictions)
        assert found.recall == pytest.approx(hits / found.objects)


def test_figures_solved_by_hand():
    """Two objects of one class. The first is found exactly (0.9); a box in nothing follows (0.8); the second is
    found with IoU 0.6 (0.4). At IoU 0.5: precision 1 up to recall 0.5 (51 of 101 points), then 2/3 (50 points).
    At 0.55 and 0.6 the same; from 0.65 on only the first: 51/101."""
    images = [
        ImageResult.build(
            1,
            [(1, 0, 0, 100, 100), (1, 200, 0, 300, 100)],
            [(1, 0.9, 0, 0, 100, 100), (1, 0.8, 400, 400, 500, 500), (1, 0.4, 200, 0, 300, 60)],
        )
    ]
    figures = figures_of(images, {1: "BB-8"})
    both, first = (51 + 50 * 2 / 3) / 101, 51 / 101
    assert figures.ap50 == pytest.approx(both, abs=1e-9)
    assert figures.ap75 == pytest.approx(first, abs=1e-9)
    assert figures.ap == pytest.approx((3 * both + 7 * first) / 10, abs=1e-9)
    assert figures.ap_large == pytest.approx(figures.ap, abs=1e-9)
    assert figures.ap_small is None
    assert figures.ar_1 == pytest.approx(0.5)
    assert figures.ar_100 == pytest.approx((3 * 1 + 7 * 0.5) / 10)
    (found,) = figures.per_class
    assert (found.precision, found.recall) == (0.5, 0.5)  # at 0.5: one hit, one in nothing
    assert (found.objects, found.predictions) == (2, 2)
    assert found.best is not None
    assert (found.best.score, found.best.precision, found.best.recall) == (0.4, pytest.approx(2 / 3), 1.0)
    outcomes = match(make_table(images)).outcome
    assert [OUTCOMES[number] for number in outcomes] == ["tp", "background", "tp"]


def test_class_without_objects_has_no_figures_but_its_false_positives_are_counted():
    images = [ImageResult.build(1, [(1, 0, 0, 50, 50)], [(1, 0.9, 0, 0, 50, 50), (2, 0.9, 80, 80, 120, 120)])]
    figures = figures_of(images, {1: "BB-8", 2: "R2-D2"})
    assert figures.ap == pytest.approx(1.0)
    absent = figures.per_class[1]
    assert (absent.ap, absent.ap50, absent.recall, absent.best) == (None, None, None, None)
    assert (absent.objects, absent.predictions, absent.precision) == (0, 1, 0.0)


def test_no_predictions_at_all():
    images = [ImageResult.build(1, [(1, 0, 0, 50, 50)], [])]
    figures = figures_of(images, {1: "BB-8"})
    assert (figures.ap, figures.ap50, figures.ar_100) == (0.0, 0.0, 0.0)
    assert (figures.per_class[0].precision, figures.per_class[0].recall) == (None, 0.0)
    assert (figures.tide.counts["Miss"], figures.calibration.ece, figures.voc_all) == (1, 0.0, 0.0)


def test_no_objects_at_all():
    figures = figures_of([ImageResult.build(1, [], [(1, 0.9, 0, 0, 50, 50)])], {1: "BB-8"})
    assert figures.ap is None
    assert figures.per_class[0].predictions == 1
    assert (figures.voc_all, figures.ap50_interval, figures.confusion) == (None, None, [[0, 0], [1, 0]])


def test_annotation_ids_start_at_one_and_areas_are_set():
    document = coco_dataset(make_table([ImageResult.build(7, [(1, 10, 20, 60, 100)], [])]), {1: "BB-8"})
    (annotation,) = document["annotations"]
    assert (annotation["id"], annotation["area"], annotation["bbox"]) == (1, 4000, [10, 20, 50, 80])


def test_class_without_a_name_is_refused():
    with pytest.raises(KeyError, match="Class 9 of image 7"):
        coco_dataset(make_table([ImageResult.build(7, [(9, 0, 0, 5, 5)], [])]), {1: "BB-8"})


def test_results_are_width_and_height():
    rows = coco_results(make_table([ImageResult.build(7, [], [(2, 0.5, 10, 20, 60, 100)])]))
    assert rows.tolist() == [[7, 10, 20, 50, 80, 0.5, 2]]
