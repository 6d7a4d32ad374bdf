"""How a model learns, as pictures: what it found on the same few validation photos at each evaluation."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from datasets.colours import class_colour
from datasets.models import Image
from datasets.review.hidden import hidden_images
from datasets.versions.manifest import ManifestError, ManifestImage
from training.models import Frame, Run
from training.series import thin

PHOTOS = 4
#: Boxes with a lower score are noise to the eye.
LEAST_SCORE = 0.3
MOST_BOXES = 20
#: Evaluations a page shows; of more, an even choice.
MOST_FRAMES = 12

#: [x1, y1, x2, y2, label map id, score]
Row = list[float]


@dataclass(frozen=True)
class ShownBox:
    """A box as includes/_photo.html draws it."""

    x1: float
    y1: float
    x2: float
    y2: float
    label: str
    colour: str
    dashed: bool = False
    score: str = ""


@dataclass(frozen=True)
class ShownPhoto:
    """A photo as includes/_photo.html draws it; without a thumb when the image has been deleted since."""

    thumb_url: str
    file_name: str
    width: int
    height: int
    boxes_for_display: list[ShownBox]
    found: int


@dataclass(frozen=True)
class ShownFrame:
    step: int
    ap: float | None
    ap50: float | None
    photos: list[ShownPhoto]


def chosen_images(run: Run) -> list[ManifestImage]:
    """The validation photos of the filmstrip: spread over those with boxes, the same at every evaluation."""
    try:
        val = run.version.manifest().split("val")
    except ManifestError:
        return []
    return [val[place] for place in thin([place for place, image in enumerate(val) if image.boxes], PHOTOS)]


def keep_frame(run: Run, step: int, ap: float | None, ap50: float | None) -> None:
    """Store what the evaluation at `step` found on the chosen photos; nothing where its file cannot be read."""
    try:
        document = json.loads((run.directory / "eval" / f"detections-{step}.json").read_text(encoding="utf-8"))
        found = {int(image["id"]): image["detections"] for image in document["images"]}
    except (OSError, ValueError, KeyError, TypeError):
        return
    photos = [[image.id, best_rows(found.get(image.id, []))] for image in chosen_images(run)]
    Frame.objects.update_or_create(run=run, step=step, defaults={"ap": ap, "ap50": ap50, "photos": photos})


def best_rows(rows: list[Row]) -> list[Row]:
    return sorted((row for row in rows if row[5] >= LEAST_SCORE), key=lambda row: -row[5])[:MOST_BOXES]


def filmstrip(run: Run, user: Any) -> list[ShownFrame]:
    """The frames of a run in order, the newest among them, with what a page needs to draw them for this person."""
    frames = thin(list(run.frames.all()), MOST_FRAMES)
    if not frames:
        return []
    images = {image.id: image for image in chosen_images(run)}
    rows = Image.objects.only("pk", "sha256").in_bulk(list(images))
    names, hidden = label_names(run), hidden_images(user, run.version.dataset).ids
    return [
        ShownFrame(
            frame.step,
            frame.ap,
            frame.ap50,
            [
                shown_photo(images[pk], rows.get(pk), boxes, names, pk not in hidden)
                for pk, boxes in frame.photos
                if pk in images
            ],
        )
        for frame in frames
    ]


def label_names(run: Run) -> dict[int, tuple[str, str]]:
    """Label map ids as the engine counts them, with name and colour (see `training.preparation.dataset_json`)."""
    classes = run.version.manifest().classes
    colours = dict(run.version.dataset.classes.values_list("number", "colour"))
    ordered = enumerate(sorted(classes), start=1)
    return {place: (classes[number], colours.get(number, class_colour(number))) for place, number in ordered}


def shown_photo(
    image: ManifestImage, row: Image | None, found: list[Row], names: dict[int, tuple[str, str]], with_labels: bool
) -> ShownPhoto:
    """The photo with what was found (solid) over what is labelled (dashed)."""
    labels = image.boxes if with_labels else ()
    truth = [ShownBox(box.x1, box.y1, box.x2, box.y2, "labelled", "#ffffff", dashed=True) for box in labels]
    boxes = [shown_box(row_, names) for row_ in reversed(found)]
    thumb = row.thumb_url if row else ""
    return ShownPhoto(thumb, image.file_name, image.width, image.height, [*truth, *boxes], len(found))


def shown_box(row: Row, names: dict[int, tuple[str, str]]) -> ShownBox:
    x1, y1, x2, y2, label, score = row
    name, colour = names.get(int(label), (f"class {int(label)}", class_colour(int(label))))
    return ShownBox(x1, y1, x2, y2, f"{name} {score:.2f}", colour)


def as_json(frame: Frame) -> dict[str, Any]:
    """A frame as the API gives it."""
    photos = [{"image": pk, "boxes": rows} for pk, rows in frame.photos]
    return {"step": frame.step, "ap": frame.ap, "ap50": frame.ap50, "photos": photos}
