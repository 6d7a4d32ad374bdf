"""Measure a model on one split of a version: predict, compare with the labels, keep figures and boxes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datasets.models import Box, DatasetVersion, Image
from datasets.models.annotation import BoxSource
from datasets.versions.manifest import Manifest, ManifestError, ManifestImage
from detections.classes import ClassMatch, match_classes
from detections.inference import Detected, Problem, Source, detect_images, load_predictor
from detections.metrics.report import report
from detections.metrics.table import Table, make_table
from detections.metrics.values import ImageResult
from detections.models import Evaluation, Labels
from detections.tables import keep_table, table_of
from sw_site.lib.errors import UserError
from sw_site.lib.files.where import bring_near
from training.models import TrainedModel

#: Called after every image with (done, total, message); raises when the work should stop.
Progress = Callable[[int, int, str], None]


@dataclass
class SplitResults:
    """Predictions over a split beside its truth, in the version's class ids, whose names are `classes`."""

    classes: dict[int, str] = field(default_factory=dict)
    images: list[ImageResult] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    only_model: tuple[str, ...] = ()
    only_version: tuple[str, ...] = ()
    ignored_predictions: int = 0


def read_manifest_of(version: DatasetVersion) -> Manifest:
    try:
        return version.manifest()
    except ManifestError as error:
        raise UserError("version_unreadable", str(error)) from error


def version_sources(images: Sequence[ManifestImage]) -> list[Source]:
    bring_near(image.file for image in images)
    return [Source(image.file_name, image.path, image.id, image.file) for image in images]


def check_evaluation(
    model: TrainedModel, version: DatasetVersion, split: str, mapping: Mapping[int, int | None] | None = None
) -> tuple[ClassMatch, Sequence[ManifestImage]]:
    """The classes and images of an evaluation. Raises UserError when there is nothing to measure."""
    manifest = read_manifest_of(version)
    images = manifest.split(split)
    if not images:
        raise UserError(
            "empty_split",
            f"{version} has no images in its {split} split, so there is nothing to measure. Choose another split or "
            "freeze a version that has one.",
        )
    return match_classes(model.label_map, manifest.classes, mapping), images


def measure(evaluation: Evaluation, progress: Progress) -> SplitResults:
    """Run the model over the split, or take the predictions of `evaluation.source`. Nothing is written."""
    if evaluation.labels == Labels.CURRENT:
        return compare_with_current_labels(evaluation)
    classes, images = check_evaluation(
        evaluation.model, evaluation.version, evaluation.split, stored_mapping(evaluation)
    )
    predictor = load_predictor(evaluation.model)
    results = SplitResults(
        classes=read_manifest_of(evaluation.version).classes,
        only_model=classes.only_model,
        only_version=classes.only_version,
    )
    sources = version_sources(images)
    places = {source.image_id: place for place, source in enumerate(sources)}
    for done, found in enumerate(detect_images(predictor, sources), start=1):
        if isinstance(found, Problem):
            results.problems.append(found)
        else:
            result, ignored = compare(images[places[found.source.image_id]], found, classes)
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


def stored_mapping(evaluation: Evaluation) -> dict[int, int | None]:
    return {int(number): target for number, target in evaluation.mapping.items()}


def compare(image: ManifestImage, found: Detected, classes: ClassMatch) -> tuple[ImageResult, int]:
    """The image's truth and predictions in the version's class ids, and how many predictions no class fits."""
    kept = zip(found.detections.class_ids, found.detections.scores, found.detections.boxes.tolist(), strict=True)
    rows = [
        (classes.to_version[int(class_id)], float(score), x1, y1, x2, y2)
        for class_id, score, (x1, y1, x2, y2) in kept
        if int(class_id) in classes.to_version
    ]
    truths = [(box.class_id, box.x1, box.y1, box.x2, box.y2) for box in image.boxes]
    result = ImageResult.build(image.id, truths, rows, [box.difficult for box in image.boxes])
    return result, len(found.detections) - len(rows)


def compare_with_current_labels(evaluation: Evaluation) -> SplitResults:
    """The predictions of `evaluation.source` beside the labels its images have now. The model does not run."""
    if evaluation.source is None:
        raise UserError("evaluation_gone", "The evaluation it repeats is gone. Evaluate the model anew.")
    source, table = evaluation.source, table_of(evaluation.source)
    there = set(Image.objects.filter(pk__in=table.image_ids.tolist()).values_list("pk", flat=True))
    boxes: dict[int, list[Box]] = defaultdict(list)
    labels = Box.objects.filter(image__in=there).exclude(source=BoxSource.MODEL)
    for box in labels.select_related("label_class").order_by("pk"):
        boxes[box.image_id].append(box)
    names = {box.label_class.number: box.label_class.name for rows in boxes.values() for box in rows}
    old = source.figures
    results = SplitResults(
        classes={**names, **source.class_names},
        only_model=tuple(old.get("only_model", ())),
        only_version=tuple(old.get("only_version", ())),
        ignored_predictions=old.get("ignored_predictions", 0),
    )
    order = np.argsort(table.image, kind="stable")
    starts = np.searchsorted(table.image[order], np.arange(len(table.image_ids) + 1))
    for place, image_id in enumerate(table.image_ids.tolist()):
        if image_id in there:
            mine = order[starts[place] : starts[place + 1]]
            results.images.append(with_labels(table, mine, image_id, boxes[image_id]))
        else:
            gone = "It is no longer in the dataset, so it was left out."
            results.problems.append(Problem(f"image {image_id}", "image_gone", gone))
    if not results.images:
        raise UserError("images_gone", "None of its images is in the dataset any more, so there is nothing to measure.")
    return results


def with_labels(table: Table, mine: NDArray[np.int64], image_id: int, boxes: list[Box]) -> ImageResult:
    """An image's predicted boxes (places in the table) beside its labels."""
    truths = [(box.label_class.number, box.x1, box.y1, box.x2, box.y2) for box in boxes]
    labels = ImageResult.build(image_id, truths, [], [box.difficult for box in boxes])
    return ImageResult(
        image_id=image_id,
        true_boxes=labels.true_boxes,
        true_classes=labels.true_classes,
        boxes=table.boxes[mine],
        classes=table.classes[mine].astype(np.int64),
        scores=table.scores[mine],
        true_difficult=labels.true_difficult,
    )


def keep(evaluation: Evaluation, results: SplitResults) -> Evaluation:
    """Compute the figures and write them; what an earlier attempt wrote is replaced."""
    table = make_table(results.images)
    figures = report(table, results.classes)
    evaluation.ap, evaluation.ap50 = figures.ap, figures.ap50
    evaluation.figures = figures.as_dict() | {
        "only_model": results.only_model,
        "only_version": results.only_version,
        "ignored_predictions": results.ignored_predictions,
        "problems": [problem.as_json() for problem in results.problems],
    }
    evaluation.boxes_file = keep_table(table)
    evaluation.save(update_fields=["ap", "ap50", "figures", "boxes_file"])
    return evaluation


def summary(evaluation: Evaluation) -> dict[str, Any]:
    """The figures as the command line and the API give them; the keys are those of docs/cli.md."""
    figures = evaluation.figures
    return {
        "evaluation": evaluation.pk,
        "model": evaluation.model.name,
        "version": str(evaluation.version),
        "split": evaluation.split,
        "labels": evaluation.labels,
        "mapping": evaluation.mapping,
        **{key: value for key, value in figures.items() if key != "per_class"},
        "per_class": figures.get("per_class", []),
    }
