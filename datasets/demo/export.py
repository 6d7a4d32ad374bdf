"""The demo dataset as files, the way a folder looks after an afternoon with labelImg."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from lxml import etree

from datasets.demo.casting import CLASS_NAMES
from datasets.demo.scene import LabelledBox, Scene, draw_scene

COUNT, SEED, JPEG_QUALITY = 280, 7, 88
ROOT = "droids"
# A zip stores a time per file; a fixed one makes the same set the same bytes.
ZIP_TIME = (2017, 9, 1, 12, 0, 0)

Progress = Callable[[int, int], None]


def write_demo(folder: Path, count: int = COUNT, seed: int = SEED, progress: Progress | None = None) -> None:
    """Write `images/*.jpg`, `annotations/*.xml` (Pascal VOC) and `label_map.pbtxt` into `folder`.

    `progress(done, count)` is called after each image. Every file is complete or absent; raises OSError when the
    folder cannot be written and ValueError when `count` is below 1.
    """
    for name, content in _files(count, seed, progress):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + ".part")
        part.write_bytes(content)
        part.replace(path)


def write_demo_zip(path: Path, count: int = COUNT, seed: int = SEED, progress: Progress | None = None) -> None:
    """Write the same files as one zip, under a folder "droids". `path` appears only when the zip is complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    try:
        with zipfile.ZipFile(part, "w") as archive:
            for name, content in _files(count, seed, progress):
                packing = zipfile.ZIP_STORED if name.endswith(".jpg") else zipfile.ZIP_DEFLATED
                archive.writestr(zipfile.ZipInfo(f"{ROOT}/{name}", ZIP_TIME), content, packing)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def jpeg_bytes(scene: Scene) -> bytes:
    """The scene's picture as a JPEG file."""
    buffer = io.BytesIO()
    scene.image.save(buffer, "JPEG", quality=JPEG_QUALITY)
    return buffer.getvalue()


def voc_xml(scene: Scene) -> bytes:
    """The scene's boxes as labelImg writes Pascal VOC; a scene without droids gives a file without objects."""
    width, height = scene.image.size
    root = etree.Element("annotation")
    _add(root, "folder", "images")
    _add(root, "filename", scene.file_name)
    _add(root, "path", f"images/{scene.file_name}")
    _add(etree.SubElement(root, "source"), "database", "Unknown")
    size = etree.SubElement(root, "size")
    for tag, value in (("width", width), ("height", height), ("depth", 3)):
        _add(size, tag, value)
    _add(root, "segmented", 0)
    for box in scene.boxes:
        _add_object(root, box)
    etree.indent(root, space="\t")
    return etree.tostring(root, encoding="utf-8") + b"\n"


def label_map() -> str:
    """The classes as an Object Detection API label map, numbered from 1."""
    items = (f"item {{\n  id: {number}\n  name: '{name}'\n}}\n" for number, name in enumerate(CLASS_NAMES, start=1))
    return "\n".join(items)


def _files(count: int, seed: int, progress: Progress | None) -> Iterator[tuple[str, bytes]]:
    if count < 1:
        raise ValueError(f"The demo dataset needs at least 1 image, but you asked for {count}. Ask for 1 or more.")
    yield "label_map.pbtxt", label_map().encode()
    for index in range(count):
        scene = draw_scene(index, seed)
        yield f"images/{scene.file_name}", jpeg_bytes(scene)
        yield f"annotations/{Path(scene.file_name).stem}.xml", voc_xml(scene)
        if progress is not None:
            progress(index + 1, count)


def _add_object(root: etree._Element, box: LabelledBox) -> None:
    found = etree.SubElement(root, "object")
    _add(found, "name", box.class_name)
    _add(found, "pose", "Unspecified")
    _add(found, "truncated", int(box.truncated))
    _add(found, "difficult", int(box.difficult))
    bounds = etree.SubElement(found, "bndbox")
    # labelImg never writes a 0: it moves a box at the left or top edge in by one pixel.
    for tag, value in (("xmin", max(1, box.xmin)), ("ymin", max(1, box.ymin)), ("xmax", box.xmax), ("ymax", box.ymax)):
        _add(bounds, tag, value)


def _add(parent: etree._Element, tag: str, value: str | int) -> None:
    etree.SubElement(parent, tag).text = str(value)
