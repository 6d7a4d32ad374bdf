"""The demo dataset on disk: what labelImg would have left, complete or not at all."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from lxml import etree
from PIL import Image

from datasets.demo.export import COUNT, label_map, voc_xml, write_demo, write_demo_zip
from datasets.demo.scene import LabelledBox, Scene, draw_scene

SMALL = 5  # scenes 0 to 4; number 3 is a negative


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("demo") / "set"
    write_demo(path, count=SMALL, seed=7)
    return path


def scene_with(*boxes: LabelledBox) -> Scene:
    return Scene(Image.new("RGB", (400, 300)), "droids_0001.jpg", boxes)


def test_default_set_is_large_enough_to_train_on() -> None:
    assert COUNT >= 240


def test_every_image_has_an_annotation_and_nothing_else_is_left(folder: Path) -> None:
    stems = [f"droids_{number:04d}" for number in range(1, SMALL + 1)]
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    expected = [f"annotations/{stem}.xml" for stem in stems] + [f"images/{stem}.jpg" for stem in stems]
    assert files == [*expected, "label_map.pbtxt"]


def test_annotations_match_their_scene_and_image(folder: Path) -> None:
    for index in range(SMALL):
        scene = draw_scene(index, seed=7)
        root = etree.parse(folder / "annotations" / f"droids_{index + 1:04d}.xml").getroot()
        with Image.open(folder / "images" / str(root.findtext("filename"))) as image:
            assert (image.format, image.mode) == ("JPEG", "RGB")
            assert (root.findtext("size/width"), root.findtext("size/height")) == tuple(map(str, image.size))
        assert root.xpath("object/name/text()") == [box.class_name for box in scene.boxes]
        assert [int(x) for x in root.xpath("object/bndbox/xmax/text()")] == [box.xmax for box in scene.boxes]


def test_xml_has_labelimgs_elements_in_its_order() -> None:
    root = etree.fromstring(voc_xml(scene_with(LabelledBox("Roller", 0, 12, 90, 300, True, False))))
    assert [child.tag for child in root] == ["folder", "filename", "path", "source", "size", "segmented", "object"]
    found = root.find("object")
    assert found is not None
    assert [(child.tag, child.text) for child in found][:4] == [
        ("name", "Roller"),
        ("pose", "Unspecified"),
        ("truncated", "1"),
        ("difficult", "0"),
    ]
    assert root.xpath("object/bndbox/*/text()") == ["1", "12", "90", "300"]  # labelImg writes 1 for a 0


def test_a_scene_without_droids_is_an_annotation_without_objects(folder: Path) -> None:
    root = etree.parse(folder / "annotations" / "droids_0004.xml").getroot()
    assert root.findall("object") == []
    assert root.findtext("size/depth") == "3"


def test_label_map_numbers_the_classes_from_one() -> None:
    assert label_map() == "item {\n  id: 1\n  name: 'Roller'\n}\n\nitem {\n  id: 2\n  name: 'Canister'\n}\n"


def test_progress_counts_every_image(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    write_demo(tmp_path, count=2, progress=lambda done, count: seen.append((done, count)))
    assert seen == [(1, 2), (2, 2)]


def test_zip_holds_the_same_files_and_repeats_byte_for_byte(folder: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "a.zip", tmp_path / "b.zip"
    for path in (first, second):
        write_demo_zip(path, count=SMALL, seed=7)
    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(io.BytesIO(first.read_bytes())) as archive:
        assert archive.testzip() is None
        packed = {name: archive.read(name) for name in archive.namelist()}
    on_disk = {f"droids/{p.relative_to(folder).as_posix()}": p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    assert packed == on_disk


def test_an_interrupted_zip_leaves_nothing_behind(tmp_path: Path) -> None:
    def stop(done: int, count: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_demo_zip(tmp_path / "demo.zip", count=2, progress=stop)
    assert list(tmp_path.iterdir()) == []


def test_a_count_below_one_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least 1 image"):
        write_demo(tmp_path / "set", count=0)
    assert not (tmp_path / "set").exists()
