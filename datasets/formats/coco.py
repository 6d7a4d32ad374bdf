"""COCO: one JSON with images, annotations and categories; boxes are [x, y, width, height] in pixels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from datasets.formats.createml import dump_json, json_tags, load_json, numbers, plain, share, tags_json
from datasets.formats.records import AnnotationRecord, BoxRecord, Context, FormatError, stated_size

BOX_KEYS = {"id", "image_id", "category_id", "bbox", "area", "iscrowd", "score", "attributes"}
IMAGE_KEYS = {"id", "file_name", "width", "height", "attributes"}
BOX_ATTRIBUTES = {"difficult", "truncated", "occluded", "pose"}
IMAGE_ATTRIBUTES = {"verified", "folder", "depth", "segmented", "split", "source_id"}


def parse(data: bytes, path: str, context: Context) -> Iterator[tuple[AnnotationRecord, bytes]]:
    """One record for each image of the file; an image without annotations means "nothing here".

    Raises:
        FormatError: not JSON, or without images, annotations and categories.
    """
    document = load_json(data)
    images, rows = (document.get(key) if isinstance(document, dict) else None for key in ("images", "annotations"))
    if not isinstance(images, list) or not isinstance(rows, list):
        raise FormatError("json_not_understood", "This JSON is not COCO: it needs lists of images and annotations.")
    names = _names(document.get("categories"))
    by_image: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if isinstance(row, dict):
            by_image[str(row.get("image_id"))].append(row)
    for image in images:
        if isinstance(image, dict):
            mine = by_image.pop(str(image.get("id")), [])
            yield _read_image(image, mine, names), dump_json({"image": image, "annotations": mine})
    if by_image:
        lost = sum(map(len, by_image.values()))
        message = f"{lost:,} annotations name images that the file does not list; they were left out."
        yield AnnotationRecord("", 0, 0, (), problems=(FormatError("coco_unknown_image", message),)), b""


def _names(categories: Any) -> dict[Any, str]:
    rows = categories if isinstance(categories, list) else []
    named = (row for row in rows if isinstance(row, dict) and isinstance(row.get("id"), int | str))
    return {row["id"]: str(row.get("name") or "").strip() for row in named}


def _read_image(image: dict[str, Any], rows: list[dict[str, Any]], names: dict[Any, str]) -> AnnotationRecord:
    boxes: list[BoxRecord] = []
    problems: list[FormatError] = []
    for position, row in enumerate(rows, start=1):
        try:
            boxes.append(_read_box(row, position, names))
        except FormatError as error:
            problems.append(error)
    said = _attributes(image)
    return AnnotationRecord(
        str(image.get("file_name") or "").replace("\\", "/"),
        stated_size(image.get("width")),
        stated_size(image.get("height")),
        tuple(boxes),
        said.get("verified") is True,
        tuple(problems),
        str(said.get("folder") or ""),
        stated_size(said.get("depth")),
        said.get("segmented") is True,
        str(said.get("split") or ""),
        str(said.get("source_id") or ""),
        json_tags(image, IMAGE_KEYS) + json_tags(said, IMAGE_ATTRIBUTES),
    )


def _attributes(row: dict[str, Any]) -> dict[str, Any]:
    said = row.get("attributes")
    return said if isinstance(said, dict) else {}


def _read_box(row: dict[str, Any], position: int, names: dict[Any, str]) -> BoxRecord:
    name = names.get(row.get("category_id"), "") if isinstance(row.get("category_id"), int | str) else ""
    if not name:
        message = f"Box {position} has category {row.get('category_id')}, which the file does not name."
        raise FormatError("box_without_class", message)
    bounds = row.get("bbox")
    x, y, w, h = numbers(bounds if isinstance(bounds, list) else [], position)
    said, score = _attributes(row), row.get("score")
    return BoxRecord(
        name,
        x,
        y,
        x + w,
        y + h,
        said.get("difficult") in (True, 1),
        said.get("truncated") in (True, 1),
        said.get("occluded") in (True, 1),
        str(said.get("pose") or "")[:40],
        share(score),
        bool(row.get("iscrowd")),
        json_tags(row, BOX_KEYS) + json_tags(said, BOX_ATTRIBUTES),
    )


def image_row(record: AnnotationRecord, number: int) -> bytes:
    said: dict[str, Any] = {"verified": record.verified, "folder": record.folder, "depth": record.depth}
    said |= {"segmented": record.segmented, "split": record.split, "source_id": record.source_id}
    said = {key: value for key, value in said.items() if value} | tags_json(record.tags)
    row = {"id": number, "file_name": record.file_name, "width": record.width, "height": record.height}
    return dump_json({**row, "attributes": said} if said else row)


def box_row(box: BoxRecord, number: int, image: int, category: int) -> bytes:
    """One annotation. Width is x2 - x1, so x + width may differ from x2 in the last bit of a fraction."""
    w, h = box.x2 - box.x1, box.y2 - box.y1
    if not (box.tags or box.difficult or box.truncated or box.occluded or box.pose or box.score is not None):
        # Nearly all boxes are as plain as this, and there may be a million of them.
        return b'{"id":%d,"image_id":%d,"category_id":%d,"bbox":[%a,%a,%a,%a],"area":%a,"iscrowd":%d}' % (
            number,
            image,
            category,
            plain(box.x1),
            plain(box.y1),
            plain(w),
            plain(h),
            plain(w * h),
            box.crowd,
        )
    said: dict[str, Any] = {"difficult": box.difficult, "truncated": box.truncated, "occluded": box.occluded}
    said = {key: True for key, value in said.items() if value} | ({"pose": box.pose} if box.pose else {})
    row: dict[str, Any] = {"id": number, "image_id": image, "category_id": category}
    row |= {"bbox": [plain(box.x1), plain(box.y1), plain(w), plain(h)], "area": plain(w * h), "iscrowd": int(box.crowd)}
    row |= {"score": box.score} if box.score is not None else {}
    said |= tags_json(box.tags)
    return dump_json({**row, "attributes": said} if said else row)


def category_rows(classes: dict[int, str]) -> bytes:
    return dump_json([{"id": number, "name": name} for number, name in sorted(classes.items())])
