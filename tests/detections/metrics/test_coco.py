"""The COCO figures against pycocotools and against a case solved by hand."""

from __future__ import annotations

import contextlib
import io

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from detections.metrics.coco import SUMMARY, coco_dataset, coco_figures, coco_results
from detections.metrics.values import ImageResult
from tests.detections.metrics.scenes import CLASSES, random_scene


def pycocotools_evaluation(images, classes):
    """pycocotools' own evaluator over the same values, built without our COCO document."""
    truth = COCO()
    annotations = []
    for image in images:
        for class_id, box in zip(image.true_classes, image.true_boxes, strict=True):
            x, y, width, height = box[0], box[1], box[2] - box[0], box[3] - box[1]
            annotations.append(
                {"id": len(annotations) + 1, "image_id": image.image_id, "category_id": int(class_id), "iscrowd": 0}
                | {"bbox": [x, y, width, height], "area": width * height}
            )
    truth.dataset = {
        "info": {},
        "images": [{"id": image.image_id} for image in images],
        "annotations": annotations,
        "categories": [{"id": number} for number in classes],
    }
    results = [
        {"image_id": image.image_id, "category_id": int(class_id), "score": float(score)}
        | {"bbox": [box[0], box[1], box[2] - box[0], box[3] - box[1]]}
        for image in images
        for class_id, score, box in zip(image.classes, image.scores, image.boxes, strict=True)
    ]
    with contextlib.redirect_stdout(io.StringIO()):
        truth.createIndex()
        evaluator = COCOeval(truth, truth.loadRes(results), "bbox")
        evaluator.evaluate()
        evaluator.accumulate()
        evaluator.summarize()
    return evaluator


@pytest.mark.parametrize("seed", range(6))
def test_twelve_figures_equal_pycocotools(seed):
    images = random_scene(seed)
    expected = pycocotools_evaluation(images, CLASSES).stats
    figures, _ = coco_figures(images, CLASSES)
    ours = [-1 if getattr(figures, name) is None else getattr(figures, name) for name in SUMMARY]
    assert ours == pytest.approx(list(expected), abs=1e-9)


@pytest.mark.parametrize("seed", range(6))
def test_class_figures_equal_pycocotools(seed):
    images = random_scene(seed)
    oracle = pycocotools_evaluation(images, CLASSES)
    figures, _ = coco_figures(images, CLASSES)
    for index, found in enumerate(figures.per_class):
        assert found.ap == pytest.approx(oracle.eval["precision"][:, :, index, 0, 2].mean(), abs=1e-9)
        assert found.ap50 == pytest.approx(oracle.eval["precision"][0, :, index, 0, 2].mean(), abs=1e-9)


@pytest.mark.parametrize("seed", range(6))
def test_precision_and_recall_stand_on_the_same_matches_as_pycocotools(seed):
    images = random_scene(seed)
    oracle = pycocotools_evaluation(images, CLASSES)
    figures, _ = coco_figures(images, CLASSES, score_threshold=0.5)
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
    figures, rows = coco_figures(images, {1: "BB-8"})
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
    assert [row.outcome for row in rows] == ["tp", "background", "tp"]


def test_class_without_objects_has_no_figures_but_its_false_positives_are_counted():
    images = [ImageResult.build(1, [(1, 0, 0, 50, 50)], [(1, 0.9, 0, 0, 50, 50), (2, 0.9, 80, 80, 120, 120)])]
    figures, _ = coco_figures(images, {1: "BB-8", 2: "R2-D2"})
    assert figures.ap == pytest.approx(1.0)
    absent = figures.per_class[1]
    assert (absent.ap, absent.ap50, absent.recall, absent.best) == (None, None, None, None)
    assert (absent.objects, absent.predictions, absent.precision) == (0, 1, 0.0)


def test_no_predictions_at_all():
    images = [ImageResult.build(1, [(1, 0, 0, 50, 50)], [])]
    figures, rows = coco_figures(images, {1: "BB-8"})
    assert (figures.ap, figures.ap50, figures.ar_100) == (0.0, 0.0, 0.0)
    assert (figures.per_class[0].precision, figures.per_class[0].recall) == (None, 0.0)
    assert [row.outcome for row in rows] == ["missed"]


def test_no_objects_at_all():
    figures, rows = coco_figures([ImageResult.build(1, [], [(1, 0.9, 0, 0, 50, 50)])], {1: "BB-8"})
    assert figures.ap is None
    assert figures.per_class[0].predictions == 1
    assert [row.outcome for row in rows] == ["background"]


def test_annotation_ids_start_at_one_and_areas_are_set():
    document = coco_dataset([ImageResult.build(7, [(1, 10, 20, 60, 100)], [])], {1: "BB-8"})
    (annotation,) = document["annotations"]
    assert (annotation["id"], annotation["area"], annotation["bbox"]) == (1, 4000, [10, 20, 50, 80])


def test_class_without_a_name_is_refused():
    with pytest.raises(KeyError, match="Class 9 of image 7"):
        coco_dataset([ImageResult.build(7, [(9, 0, 0, 5, 5)], [])], {1: "BB-8"})


def test_results_are_width_and_height():
    rows = coco_results([ImageResult.build(7, [], [(2, 0.5, 10, 20, 60, 100)])])
    assert rows.tolist() == [[7, 10, 20, 50, 80, 0.5, 2]]
