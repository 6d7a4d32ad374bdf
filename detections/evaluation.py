"""Measure a model on one split of a version: predict, compare with the frozen boxes, keep figures and matches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from datasets.models import DatasetVersion
from datasets.versions.manifest import Manifest, ManifestError, ManifestImage
from detections.classes import ClassMatch, match_classes
from detections.inference import Detected, Problem, Source, detect_images, load_predictor
from detections.metrics.coco import coco_figures
from detections.metrics.values import ImageResult, MatchRow, Outcome
from detections.models import Evaluation, MatchedBox
from sw_site.lib.errors import UserError
from training.models import TrainedModel

#: Predicted boxes below this score count in AP but are not kept as rows, true positives excepted.
KEEP_SCORE = 0.05
ROWS_AT_ONCE = 2000

#: Called after every image with (done, total, message); raises when the work should stop.
Progress = Callable[[int, int, str], None]


@dataclass
class SplitResults:
    """Predictions over a split beside its truth, in the version's class ids."""

    images: list[ImageResult] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    ignored_predictions: int = 0


def read_manifest_of(version: DatasetVersion) -> Manifest:
    try:
        return version.manifest()
    except ManifestError as error:
        raise UserError("version_unreadable", str(error)) from error


def version_sources(images: list[ManifestImage]) -> list[Source]:
    return [Source(image.file_name, image.path, image.id, image.file) for image in images]


def check_evaluation(
    model: TrainedModel, version: DatasetVersion, split: str
) -> tuple[ClassMatch, list[ManifestImage]]:
    """The classes and images of an evaluation. Raises UserError when there is nothing to measure."""
    manifest = read_manifest_of(version)
    images = manifest.split(split)
    if not images:
        raise UserError(
            "empty_split",
            f"{version} has no images in its {split} split, so there is nothing to measure. Choose another split or "
            "freeze a version that has one.",
        )
    return match_classes(model.label_map, manifest.classes), images


def measure(evaluation: Evaluation, progress: Progress) -> SplitResults:
    """Run the model over the split. Nothing is written."""
    classes, images = check_evaluation(evaluation.model, evaluation.version, evaluation.split)
    predictor = load_predictor(evaluation.model)
    frozen = {image.id: image for image in images}
    sources = version_sources(images)
    results = SplitResults()
    for done, found in enumerate(detect_images(predictor, sources), start=1):
        if isinstance(found, Problem):
            results.problems.append(found)
        else:
            result, ignored = compare(frozen[found.source.image_id or 0], found, classes)
            results.images.append(result)
            results.ignored_predictions += ignored
        progress(done, len(images), f"{done:,} of {len(images):,} images")
    if not results.images:
        raise UserError(
            "no_image_decodes",
            f"None of the {len(images)} images of this split could be read; the first: {results.problems[0].message} "
            "Check the site's storage.",
        )
    return results


def compare(image: ManifestImage, found: Detected, classes: ClassMatch) -> tuple[ImageResult, int]:
    """The image's truth and predictions in the version's class ids, and how many predictions no class fits."""
    kept = zip(found.detections.class_ids, found.detections.scores, found.detections.boxes.tolist(), strict=True)
    rows = [
        (classes.to_version[int(class_id)], float(score), x1, y1, x2, y2)
        for class_id, score, (x1, y1, x2, y2) in kept
        if int(class_id) in classes.to_version
    ]
    truths = [(box.class_id, box.x1, box.y1, box.x2, box.y2) for box in image.boxes]
    return ImageResult.build(image.id, truths, rows), len(found.detections) - len(rows)


def keep(evaluation: Evaluation, results: SplitResults) -> Evaluation:
    """Compute the figures and write everything in one transaction; what an earlier attempt wrote is replaced."""
    manifest = read_manifest_of(evaluation.version)
    classes = match_classes(evaluation.model.label_map, manifest.classes)
    figures, rows = coco_figures(results.images, manifest.classes)
    evaluation.ap, evaluation.ap50 = figures.ap, figures.ap50
    evaluation.figures = figures.as_dict() | {
        "keep_score": KEEP_SCORE,
        "only_model": classes.only_model,
        "only_version": classes.only_version,
        "ignored_predictions": results.ignored_predictions,
        "problems": [problem.as_json() for problem in results.problems],
    }
    with transaction.atomic():
        evaluation.boxes.all().delete()
        MatchedBox.objects.bulk_create(matched_boxes(evaluation, rows), batch_size=ROWS_AT_ONCE)
        evaluation.save(update_fields=["ap", "ap50", "figures"])
    return evaluation


def matched_boxes(evaluation: Evaluation, rows: Sequence[MatchRow]) -> list[MatchedBox]:
    return [
        MatchedBox(
            evaluation=evaluation,
            image_id=row.image_id,
            match=row.outcome.value,
            class_id=row.class_id,
            score=row.score,
            iou=row.iou,
            **dict(zip(("x1", "y1", "x2", "y2"), row.box, strict=True)),
        )
        for row in rows
        if row.score is None or row.score >= KEEP_SCORE or row.outcome is Outcome.TRUE_POSITIVE
    ]


def summary(evaluation: Evaluation) -> dict[str, Any]:
    """The figures as the command line and the API give them; `per_class` rows have the keys of docs/cli.md."""
    figures = evaluation.figures
    keys = ("name", "ap", "ap50", "precision", "recall", "objects", "predictions", "best")
    overall = {
        key: value for key, value in figures.items() if key not in ("per_class", "score_threshold", "keep_score")
    }
    return {
        "evaluation": evaluation.pk,
        "model": evaluation.model.name,
        "version": str(evaluation.version),
        "split": evaluation.split,
        **overall,
        "score_threshold": figures.get("score_threshold"),
        "per_class": [{key: row[key] for key in keys} for row in figures.get("per_class", [])],
    }
