"""The images, boxes and classes a run learns from: the content of dataset.json, checked before anything is built."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from training.engine.errors import EngineError
from training.engine.fields import clean, flag, number, rows, text, whole
from training.engine.rundir import SPLITS, read_json


@dataclass(frozen=True)
class Box:
    """A bounding box in absolute pixel edges; `xmax` may equal the image width."""

    class_id: int
    xmin: float
    ymin: float
    xmax: float
    ymax: float
    difficult: bool = False
    truncated: bool = False
    pose: str = ""


@dataclass(frozen=True)
class ImageEntry:
    """One image file with its boxes; `width` and `height` in pixels."""

    id: int
    path: Path
    file_name: str
    width: int
    height: int
    split: str
    boxes: tuple[Box, ...]
    sha256: str = ""

    def visible_boxes(self) -> list[Box]:
        """The boxes cut to the image, without those that have no area left (they make the loss undefined)."""
        inside = [self._clip(box) for box in self.boxes]
        return [box for box in inside if box.xmax > box.xmin and box.ymax > box.ymin]

    def _clip(self, box: Box) -> Box:
        xs = [min(max(x, 0.0), float(self.width)) for x in (box.xmin, box.xmax)]
        ys = [min(max(y, 0.0), float(self.height)) for y in (box.ymin, box.ymax)]
        return replace(box, xmin=xs[0], ymin=ys[0], xmax=xs[1], ymax=ys[1])


@dataclass(frozen=True)
class Dataset:
    """Class names by id (1, 2, ... without gaps) and the images of all splits."""

    classes: dict[int, str]
    images: tuple[ImageEntry, ...]

    @classmethod
    def load(cls, path: Path) -> Dataset:
        """Reads and checks dataset.json; `EngineError` says what cannot be trained on."""
        return cls.from_json(read_json(path))

    @classmethod
    def from_json(cls, value: Any) -> Dataset:
        """Builds and checks the dataset from parsed dataset.json."""
        try:
            classes = [(whole(item, "id"), text(item, "name")) for item in rows(value, "classes")]
            images = tuple(image_entry(item) for item in rows(value, "images"))
        except (ValueError, OverflowError) as error:
            sentence = f"dataset.json cannot be used: {error}; create the version again."
            raise EngineError("bad_dataset", sentence) from error
        check_classes(classes)
        dataset = cls(dict(classes), images)
        check_images(dataset)
        return dataset

    def split(self, name: str) -> list[ImageEntry]:
        """The images of `train`, `val` or `test`, in the order of dataset.json."""
        return [image for image in self.images if image.split == name]

    def most_boxes(self) -> int:
        """The largest number of boxes on one image."""
        return max((len(image.boxes) for image in self.images), default=0)


def image_entry(item: dict[str, Any]) -> ImageEntry:
    text(item, "path")  # the name of a file may be no UTF-8, so only its kind is checked
    path = Path(item["path"])
    name = text(item, "file_name") if item.get("file_name") else clean(path.name)
    try:
        return ImageEntry(
            id=whole(item, "id"),
            path=path,
            file_name=name,
            width=whole(item, "width"),
            height=whole(item, "height"),
            split=text(item, "split"),
            boxes=tuple(box(row) for row in rows(item, "boxes")),
            sha256=text(item, "sha256") if item.get("sha256") else "",
        )
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{name}: {error}") from error


def box(item: dict[str, Any]) -> Box:
    return Box(
        class_id=whole(item, "class_id"),
        xmin=number(item, "xmin"),
        ymin=number(item, "ymin"),
        xmax=number(item, "xmax"),
        ymax=number(item, "ymax"),
        difficult=flag(item, "difficult"),
        truncated=flag(item, "truncated"),
        pose=text(item, "pose") if item.get("pose") else "",
    )


def check_classes(classes: list[tuple[int, str]]) -> None:
    ids = sorted(class_id for class_id, _ in classes)
    if not ids:
        raise EngineError("bad_classes", "The version has no classes; add a class and label some images first.")
    if ids != list(range(1, len(ids) + 1)):
        raise EngineError(
            "bad_classes", f"Class ids must be 1, 2, 3 … without gaps, but they are {ids}; create the version again."
        )
    names = [name.strip() for _, name in classes]
    if "" in names or len(set(names)) < len(names):
        raise EngineError("bad_classes", "Every class needs a name of its own; rename the empty or repeated ones.")


def check_images(dataset: Dataset) -> None:
    check_rows(dataset)
    for split, purpose in (("train", "learn from"), ("val", "measure the model on")):
        images = dataset.split(split)
        if not images:
            sentence = f"The version has no {split} images to {purpose}; change the split."
            raise EngineError(f"no_{split}_images", sentence)
        if not any(image.visible_boxes() for image in images):
            raise EngineError(
                f"no_{split}_boxes", f"The {split} images have no boxes to {purpose}; label some or change the split."
            )


def check_rows(dataset: Dataset) -> None:
    seen: set[int] = set()
    for image in dataset.images:
        if image.id in seen:
            raise EngineError("bad_dataset", f"Image id {image.id} occurs twice; create the version again.")
        seen.add(image.id)
        if image.split not in SPLITS:
            raise EngineError("bad_dataset", f"{image.file_name} is in the unknown split {image.split!r}.")
        if image.width < 1 or image.height < 1:
            raise EngineError("bad_dataset", f"{image.file_name} has no size; import it again.")
        unknown = {box.class_id for box in image.boxes} - set(dataset.classes)
        if unknown:
            raise EngineError("bad_classes", f"{image.file_name} has a box of the unknown class id {min(unknown)}.")
