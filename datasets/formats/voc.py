"""PASCAL VOC XML as labelImg writes it.

labelImg's coordinates are edge coordinates with a floor of 1 (its libs/labelFile.py), so x1 = xmin and x2 = xmax
with no shift. The original VOC counts pixels from 1 and includes both ends; `one_based` reads and writes it so.
`folder` and `path` name places on somebody else's computer: they are kept, and never followed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from lxml import etree

from datasets.formats.records import (
    AnnotationRecord,
    BoxRecord,
    Context,
    FormatError,
    Tags,
    stated_size,
    whole_or_exact,
)
from datasets.formats.voc_plain import read_plain

MAX_BYTES = 20 * 1024 * 1024
TRUE_TEXTS = {"1", "true", "yes"}
BOX_TAGS = {"name", "bndbox", "difficult", "truncated", "occluded", "pose", "confidence", "iscrowd"}
ROOT_TAGS = {"filename", "folder", "size", "segmented", "object"}
UNSPECIFIED = "Unspecified"
XML_NAME = re.compile(r"[A-Za-z_][\w.-]*\Z", re.ASCII)
NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: No entities, no network, no huge trees: the files come from outside. lxml locks it, should threads share it.
PARSER = etree.XMLParser(
    resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
)
PLAIN_SOURCE = "<source><database>Unknown</database></source>"


def parse(data: bytes, path: str, context: Context) -> Iterator[tuple[AnnotationRecord, bytes]]:
    yield read_voc(data, context.one_based), data


def read_voc(data: bytes, one_based: bool = False) -> AnnotationRecord:
    """Parse one XML file. An object that cannot be read is reported and left out; the others stay.

    Raises:
        FormatError: not XML, not an <annotation>, or larger than 20 MB.
    """
    return read_plain(data, 1.0 if one_based else 0.0) or read_any(data, one_based)


def read_any(data: bytes, one_based: bool = False) -> AnnotationRecord:
    """`read_voc` by way of an XML parser."""
    root = _parse(data)
    boxes: list[BoxRecord] = []
    problems: list[FormatError] = []
    for position, element in enumerate(root.iterfind("object"), start=1):
        try:
            boxes.append(_read_object(element, position, 1.0 if one_based else 0.0, problems))
        except FormatError as error:
            problems.append(error)
    texts = _children(root)
    size = root.find("size")
    sizes = {} if size is None else _children(size)
    if boxes and not (stated_size(sizes.get("width")) and stated_size(sizes.get("height"))):
        problems.append(FormatError("size_missing", "It states no size, or 0 x 0; that of the image is taken."))
    return AnnotationRecord(
        file_name=texts.get("filename", "").replace("\\", "/").rsplit("/", 1)[-1],
        width=stated_size(sizes.get("width")),
        height=stated_size(sizes.get("height")),
        boxes=tuple(boxes),
        verified=root.get("verified", "").lower() in TRUE_TEXTS,
        problems=tuple(problems),
        folder=texts.get("folder", ""),
        depth=stated_size(sizes.get("depth")),
        segmented=_flag(texts, "segmented"),
        tags=_tags(root, ROOT_TAGS),
    )


def _parse(data: bytes) -> etree._Element:
    if len(data) > MAX_BYTES:
        raise FormatError("xml_too_large", f"The file is larger than {MAX_BYTES // 2**20} MB, so it was not read.")
    try:
        root = etree.fromstring(data, PARSER)
    except etree.XMLSyntaxError as error:
        raise FormatError(
            "xml_does_not_parse", f"This is not well-formed XML ({error.msg}). Repair or re-save it, then import again."
        ) from error
    if root.tag != "annotation":
        raise FormatError(
            "xml_not_voc", f"This XML starts with <{root.tag}>, not <annotation>, so it is not a labelImg file."
        )
    return root


def _read_object(element: etree._Element, position: int, shift: float, problems: list[FormatError]) -> BoxRecord:
    fields: dict[str, str] = {}
    edges: dict[str, str] = {}
    for child in element:
        tag = child.tag
        if tag == "bndbox" and not edges:
            edges = _children(child)
        elif isinstance(tag, str):
            fields.setdefault(tag, (child.text or "").strip())
    name = fields.get("name", "")
    if not name:
        raise FormatError("box_without_class", f"Box {position} has no class name. Give it one and import again.")
    x1, y1, x2, y2 = (_edge(edges, key, name, position) for key in ("xmin", "ymin", "xmax", "ymax"))
    if any("," in text for text in edges.values()):
        message = f"Box {position} ({name}) had commas in its numbers; they were read as decimal points."
        problems.append(FormatError("comma_decimals", message))
    pose = fields.get("pose", "")[:40]
    return BoxRecord(
        name,
        x1 - shift,
        y1 - shift,
        x2,
        y2,
        _flag(fields, "difficult"),
        _flag(fields, "truncated"),
        _flag(fields, "occluded"),
        "" if pose == UNSPECIFIED else pose,
        _score(fields.get("confidence", "")),
        _flag(fields, "iscrowd"),
        () if fields.keys() <= BOX_TAGS else _tags(element, BOX_TAGS),
    )


def _children(element: etree._Element) -> dict[str, str]:
    """Texts by tag; of a tag that stands there twice the first counts."""
    texts: dict[str, str] = {}
    for child in element:
        if isinstance(child.tag, str):  # not an entity
            texts.setdefault(child.tag, (child.text or "").strip())
    return texts


def _tags(element: etree._Element, known: set[str]) -> Tags:
    """What the site has no field for: name and text, or the whole element where it is more than a text."""
    found = []
    for child in element:
        if not isinstance(child.tag, str) or child.tag in known:
            continue
        if child.tag == "attribute" and child.get("name") and not len(child):
            found.append((str(child.get("name")), (child.text or "").strip()))
        elif len(child) or child.attrib:
            text = etree.tostring(child, encoding="unicode", with_tail=False)
            text = re.sub(r">\s+<", "><", text)
            if text != PLAIN_SOURCE:
                found.append((f"xml:{child.tag}", text))
        else:
            found.append((child.tag, (child.text or "").strip()))
    return tuple(found)


def _edge(edges: dict[str, str], key: str, name: str, position: int) -> float:
    text = edges.get(key, "")
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise FormatError(
            "box_without_coordinates", f"Box {position} ({name}) has no usable {key} ({text or 'missing'})."
        )
    return value


def _score(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value <= 1 else None


def _flag(fields: dict[str, str], key: str) -> bool:
    return fields.get(key, "").lower() in TRUE_TEXTS


def write_voc(record: AnnotationRecord, one_based: bool = False) -> bytes:
    """The file as labelImg would write it; fields it does not know are there only when they say something."""
    shift = 1.0 if one_based else 0.0
    root = ' verified="yes"' if record.verified else ""
    tags = dict(record.tags)
    path = _element("path", tags.pop("path"), 1) if "path" in tags else ""
    source = f"\t{_lines(tags.pop('xml:source', PLAIN_SOURCE))}\n"
    name = record.file_name.rsplit("/", 1)[-1]
    head = (
        f"<annotation{root}>\n{_element('folder', record.folder, 1)}{_element('filename', name, 1)}{path}{source}"
        f"\t<size>\n\t\t<width>{record.width}</width>\n\t\t<height>{record.height}</height>\n"
        f"\t\t<depth>{record.depth or 3}</depth>\n\t</size>\n\t<segmented>{int(record.segmented)}</segmented>\n"
    )
    rest = "".join(_tag(key, text, 1) for key, text in tags.items())
    return f"{head}{rest}{''.join(_object(box, shift) for box in record.boxes)}</annotation>\n".encode()


def _object(box: BoxRecord, shift: float) -> str:
    more = "\t\t<occluded>1</occluded>\n" if box.occluded else ""
    more += f"\t\t<confidence>{box.score!r}</confidence>\n" if box.score is not None else ""
    more += "\t\t<iscrowd>1</iscrowd>\n" if box.crowd else ""
    more += "".join(_tag(key, text, 2) for key, text in box.tags)
    return (
        f"\t<object>\n\t\t<name>{_escaped(box.name)}</name>\n\t\t<pose>{_escaped(box.pose or UNSPECIFIED)}</pose>\n"
        f"\t\t<truncated>{int(box.truncated)}</truncated>\n\t\t<difficult>{int(box.difficult)}</difficult>\n{more}"
        f"\t\t<bndbox>\n\t\t\t<xmin>{whole_or_exact(box.x1 + shift)}</xmin>\n"
        f"\t\t\t<ymin>{whole_or_exact(box.y1 + shift)}</ymin>\n\t\t\t<xmax>{whole_or_exact(box.x2)}</xmax>\n"
        f"\t\t\t<ymax>{whole_or_exact(box.y2)}</ymax>\n\t\t</bndbox>\n\t</object>\n"
    )


def _tag(key: str, text: str, depth: int) -> str:
    if key.startswith("xml:"):
        return "\t" * depth + _lines(text) + "\n"
    if XML_NAME.match(key):
        return _element(key, text, depth)
    return "\t" * depth + f"<attribute name={quoteattr(NOT_IN_XML.sub('', key))}>{_escaped(text)}</attribute>\n"


def _element(tag: str, text: str, depth: int) -> str:
    return "\t" * depth + f"<{tag}>{_escaped(text)}</{tag}>\n"


def _lines(xml: str) -> str:
    """The `source` element in labelImg's three lines; everything else as it is."""
    return xml.replace("><database>", ">\n\t\t<database>").replace("</database></", "</database>\n\t</")


def _escaped(text: str) -> str:
    return escape(NOT_IN_XML.sub("", text)) if not text.isalnum() else text
