"""What a search compares: the labels of a dataset as they are now, and predictions by models that never saw them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from django.core.files.storage import default_storage

from datasets.models import Box, Dataset, Image
from datasets.models.annotation import BoxSource
from detections.evaluation import read_manifest_of
from detections.inference import Problem, Source, detect_images, load_predictor
from detections.metrics.table import Table, make_table
from detections.metrics.values import ImageResult
from detections.models import Evaluation
from detections.tables import table_of
from sw_site.lib.errors import UserError
from sw_site.lib.files.where import bring_near
from training.models import TrainedModel

#: (class number, score, x1, y1, x2, y2)
Row = tuple[int, float, float, float, float, float]
Step = Callable[[int, int, str], None]


@dataclass
class Collected:
    """`boxes` are the labels in the order of the table's true boxes."""

    table: Table
    boxes: list[Box]
    problems: list[Problem] = field(default_factory=list)
    stored: int = 0


def trained_on(model: TrainedModel) -> set[str]:
    """SHA-256 of every image that the model, or one it was started from, learnt from."""
    seen: set[str] = set()
    open_runs, done = [model.run], set()
    while open_runs:
        run = open_runs.pop()
        if run.pk in done:
            continue
        done.add(run.pk)
        seen |= {image.sha256 for image in read_manifest_of(run.version).split("train")}
        open_runs += [run.base_model.run] if run.base_model else []
        open_runs += [run.continues] if run.continues else []
    return seen


def labelled_images(dataset: Dataset) -> list[Image]:
    """Images whose labels somebody stands for, by id."""
    rows = dataset.images.usable().only("pk", "sha256", "file", "file_name", "width", "height", "revision", "dataset")
    return list(rows.order_by("pk"))


def numbers_of(model: TrainedModel, dataset: Dataset) -> dict[int, int]:
    """Label map id of the model -> class number of the dataset, by name. UserError when none is the same."""
    known = dict(dataset.classes.values_list("name", "number"))
    same = {number: known[name] for number, name in model.label_map.items() if name in known}
    if not same:
        raise UserError(
            "no_common_class",
            f"“{model}” knows {', '.join(model.label_map.values())}, and {dataset.name} has none of these classes, so "
            "it can say nothing about its labels. Choose a model that was trained on this dataset.",
        )
    return same


def predict(
    model: TrainedModel, images: list[Image], numbers: dict[int, int], step: Step
) -> tuple[dict[int, list[Row]], list[Problem], int]:
    """Predictions by image id, what could not be read, and of how many images they were stored already."""
    found = stored_rows(model, {image.pk for image in images}, images[0].dataset_id if images else 0)
    stored, problems = len(found), []
    rest = [image for image in images if image.pk not in found]
    bring_near(image.file for image in rest)
    sources = [Source(i.file_name, Path(default_storage.path(i.file)), i.pk, i.file) for i in rest]
    if sources:
        for done, result in enumerate(detect_images(load_predictor(model), sources), start=1):
            step(stored + done, len(images), f"{stored + done:,} of {len(images):,} images")
            if isinstance(result, Problem):
                problems.append(result)
                continue
            seen = result.detections
            rows = zip(seen.class_ids.tolist(), seen.scores.tolist(), seen.boxes.tolist(), strict=True)
            found[result.source.image_id or 0] = [
                (numbers[number], score, *edges) for number, score, edges in rows if number in numbers
            ]
    return found, problems, stored


def stored_rows(model: TrainedModel, wanted: set[int], dataset_id: int) -> dict[int, list[Row]]:
    """Predictions that evaluations of this model kept; an image is never other bytes, so they are as good as new."""
    found: dict[int, list[Row]] = {}
    evaluations = Evaluation.objects.filter(model=model, version__dataset=dataset_id).exclude(boxes_file="")
    for evaluation in evaluations.filter(mapping={}).select_related("version").order_by("-pk"):
        try:
            table = table_of(evaluation)
        except UserError:
            continue  # its file is gone: the model looks again
        ids = table.image_ids.tolist()
        mine: dict[int, list[Row]] = {pk: [] for pk in ids if pk in wanted and pk not in found}
        for place, number, score, edges in zip(
            table.image.tolist(), table.classes.tolist(), table.scores.tolist(), table.boxes.tolist(), strict=True
        ):
            if ids[place] in mine:
                mine[ids[place]].append((number, score, *edges))
        found |= mine
    return found


def compare(images: Iterable[Image], predictions: dict[int, list[Row]]) -> tuple[Table, list[Box]]:
    """The table of all images that have predictions, and their labels in its order. Proposals are no labels."""
    there = [image for image in images if image.pk in predictions]
    labels: dict[int, list[Box]] = defaultdict(list)
    ids = [image.pk for image in there]
    for start in range(0, len(ids), 500):
        rows = Box.objects.filter(image__in=ids[start : start + 500]).exclude(source=BoxSource.MODEL)
        for box in rows.select_related("label_class").order_by("image_id", "pk"):
            labels[box.image_id].append(box)
    results = [
        ImageResult.build(
            image.pk,
            [(box.label_class.number, box.x1, box.y1, box.x2, box.y2) for box in labels[image.pk]],
            predictions[image.pk],
            [box.difficult for box in labels[image.pk]],
        )
        for image in there
    ]
    return make_table(results), [box for image in there for box in labels[image.pk]]
