"""PASCAL VOC XML as labelImg writes it.

labelImg's coordinates are edge coordinates with a floor of 1 (its libs/labelFile.py), so x1 = xmin and x2 = xmax
with no shift. `folder` and `path` name places on somebody else's computer and are ignored.
"""

from __future__ import annotations

import math

from lxml import etree

from datasets.formats.records import AnnotationRecord, BoxRecord, FormatError

MAX_BYTES = 20 * 1024 * 1024
TRUE_TEXTS = {"1", "true", "yes"}


def read_voc(data: bytes) -> AnnotationRecord:
    """Parse one XML file. An object that cannot be read is reported and left out; the others stay.

    Raises:
        FormatError: not XML, not an <annotation>, or larger than 20 MB.
    """
    root = _parse(data)
    boxes, problems = [], []
    for position, element in enumerate(root.findall("object"), start=1):
        try:
            boxes.append(_read_object(element, position))
        except FormatError as error:
            problems.append(error)
    size = root.find("size")
    return AnnotationRecord(
        file_name=_text(root, "filename").replace("\\", "/").rsplit("/", 1)[-1],
        width=_whole(size, "width"),
        height=_whole(size, "height"),
        boxes=tuple(boxes),
        verified=root.get("verified", "").lower() in TRUE_TEXTS,
        problems=tuple(problems),
    )


def _parse(data: bytes) -> etree._Element:
    if len(data) > MAX_BYTES:
        raise FormatError("xml_too_large", f"The file is larger than {MAX_BYTES // 2**20} MB, so it was not read.")
    # No entities, no network, no huge trees: the file comes from outside.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise FormatError(
            "xml_does_not_parse", f"This is not well-formed XML ({error.msg}). Repair or re-save it, then import again."
        ) from error
    if root.tag != "annotation":
        raise FormatError(
            "xml_not_voc", f"This XML starts with <{root.tag}>, not <annotation>, so it is not a labelImg file."
        )
    return root


def _read_object(element: etree._Element, position: int) -> BoxRecord:
    fields = _children(element)
    name = fields.get("name", "")
    if not name:
        raise FormatError("box_without_class", f"Box {position} has no class name. Give it one and import again.")
    bounds = element.find("bndbox")
    edges = {} if bounds is None else _children(bounds)
    x1, y1, x2, y2 = (_edge(edges.get(key, ""), key, name, position) for key in ("xmin", "ymin", "xmax", "ymax"))
    return BoxRecord(
        name,
        x1,
        y1,
        x2,
        y2,
        difficult=_flag(fields, "difficult"),
        truncated=_flag(fields, "truncated"),
        occluded=_flag(fields, "occluded"),
        pose=fields.get("pose", "")[:40],
    )


def _children(element: etree._Element) -> dict[str, str]:
    """Texts by tag; of a tag that stands there twice the first counts."""
    texts: dict[str, str] = {}
    for child in element:
        if isinstance(child.tag, str):  # not a comment
            texts.setdefault(child.tag, (child.text or "").strip())
    return texts


def _edge(text: str, key: str, name: str, position: int) -> float:
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise FormatError(
            "box_without_coordinates", f"Box {position} ({name}) has no usable {key} ({text or 'missing'})."
        )
    return value


def _flag(fields: dict[str, str], key: str) -> bool:
    return fields.get(key, "").lower() in TRUE_TEXTS


def _text(element: etree._Element | None, path: str) -> str:
    return (element.findtext(path) or "").strip() if element is not None else ""


def _whole(element: etree._Element | None, key: str) -> int:
    try:
        return max(0, int(float(_text(element, key))))
    except (ValueError, OverflowError):
        return 0
