"""Archives of the model zoo: what is taken out of them, and what is refused."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from pathlib import Path

import pytest

from training.engine.errors import EngineError
from training.engine.request import BaseRequest
from training.engine.zoo import archive, coco, resolve
from training.engine.zoo.label_map import read_names

CONFIG = "model { ssd { num_classes: %d feature_extractor { type: '%s' } } }"
EXTRACTOR = "ssd_mobilenet_v2_fpn_keras"
TF2 = {
    "zoo/pipeline.config": CONFIG % (90, EXTRACTOR),
    "zoo/checkpoint/ckpt-0.index": "index",
    "zoo/checkpoint/ckpt-0.data-00000-of-00001": "data",
    "zoo/checkpoint/checkpoint": "state",
    "zoo/saved_model/saved_model.pb": "large",
    "zoo/saved_model/variables/variables.index": "not this one",
}
TF1 = {
    "old/pipeline.config": CONFIG % (2, "ssd_inception_v2"),
    "old/model.ckpt.index": "index",
    "old/model.ckpt.data-00000-of-00001": "data",
    "old/frozen_inference_graph.pb": "graph",
    "old/saved_model/saved_model.pb": "large",
}


def tar(path: Path, files: dict[str, str], *more: tarfile.TarInfo) -> Path:
    with tarfile.open(path, "w:gz") as out:
        for info in more:
            out.addfile(info)
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(text)
            out.addfile(info, io.BytesIO(text.encode()))
    return path


def zipped(path: Path, files: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w") as out:
        for name, text in files.items():
            out.writestr(name, text)
    return path


def link(name: str, kind: bytes) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, "/etc/passwd"
    return info


def sentence(path: Path, tmp_path: Path, wanted: str = EXTRACTOR, kind: str = "zoo") -> str:
    """What a base is refused with; nothing may be left outside the folder it was unpacked to."""
    before = set(tmp_path.rglob("*"))
    with pytest.raises(EngineError) as caught:
        resolve(BaseRequest(kind, str(path)), tmp_path / "base", wanted)
    assert not [new for new in set(tmp_path.rglob("*")) - before if new.suffix == ".part"]
    assert {new for new in set(tmp_path.rglob("*")) - before if tmp_path / "base" not in (new, *new.parents)} == set()
    return caught.value.sentence


@pytest.mark.parametrize("pack", [tar, zipped])
def test_the_checkpoint_of_an_archive_and_the_names_of_coco(tmp_path, pack):
    path = pack(tmp_path / "zoo.tar.gz", TF2)
    start = resolve(BaseRequest("zoo", str(path)), tmp_path / "base", EXTRACTOR)
    assert start.prefix == str(tmp_path / "base" / "zoo" / "checkpoint" / "ckpt-0")
    assert start.classes == coco.names() and start.classes[17] == "dog" and start.classes[11] == ""
    assert not list((tmp_path / "base").rglob("saved_model*"))


def test_an_archive_of_tensorflow_1(tmp_path):
    start = resolve(
        BaseRequest("zoo", str(tar(tmp_path / "old.tar.gz", TF1)), ("a", "b")), tmp_path / "base", "ssd_inception_v2"
    )
    assert (Path(start.prefix).name, start.classes) == ("model.ckpt", ("a", "b"))


def test_an_unpacked_folder_is_used_where_it_lies(tmp_path):
    archive.extract(tar(tmp_path / "zoo.tar.gz", TF2), tmp_path / "there", lambda name: True)
    start = resolve(BaseRequest("zoo", str(tmp_path / "there")), tmp_path / "base", EXTRACTOR)
    assert Path(start.prefix).is_relative_to(tmp_path / "there")
    assert not (tmp_path / "base").exists()


def test_a_label_map_in_the_archive_names_the_classes(tmp_path):
    label_map = 'item { name: "/m/0" id: 2 display_name: "Cat" }\nitem { name: "dog" id: 1 }'
    path = tar(tmp_path / "zoo.tar.gz", {**TF2, "zoo/label_map.pbtxt": label_map})
    assert resolve(BaseRequest("zoo", str(path)), tmp_path / "base", EXTRACTOR).classes == ("dog", "Cat")


@pytest.mark.parametrize(
    ("files", "word"),
    [
        ({"../out/ckpt-0.index": "x"}, "outside its own folder"),
        ({"/etc/ckpt-0.index": "x"}, "outside its own folder"),
        ({"C:\\x\\ckpt-0.index": "x"}, "outside its own folder"),
        ({"zoo/saved_model/saved_model.pb": "x"}, "no checkpoint"),
        ({"readme.txt": "hello"}, "no checkpoint"),
        ({**TF2, "zoo/checkpoint/ckpt-0.data-00000-of-00001": ""}, None),
        ({"zoo/checkpoint/ckpt-0.index": "x"}, "0 of its 1 data files"),
        ({"a/ckpt-0.index": "x", "a/ckpt-0.data-00001-of-00002": "x"}, "1 of its 2 data files"),
    ],
)
@pytest.mark.parametrize("pack", [tar, zipped])
def test_archives_without_a_use(tmp_path, pack, files, word):
    path = pack(tmp_path / "bad.zip", files)
    if word is None:
        assert resolve(BaseRequest("zoo", str(path)), tmp_path / "base", EXTRACTOR).extractor == EXTRACTOR
    else:
        assert word in sentence(path, tmp_path)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_links_and_devices(tmp_path, kind):
    path = tar(tmp_path / "bad.tar.gz", TF2, link("zoo/checkpoint/ckpt-1.index", kind))
    assert "link or a device" in sentence(path, tmp_path)


def test_a_link_in_a_zip(tmp_path):
    path = tmp_path / "bad.zip"
    with zipfile.ZipFile(path, "w") as out:
        info = zipfile.ZipInfo("zoo/ckpt-0.index")
        info.external_attr = 0o120777 << 16
        out.writestr(info, "/etc/passwd")
    assert "link or a device" in sentence(path, tmp_path)


@pytest.mark.parametrize("pack", [tar, zipped])
def test_bombs(tmp_path, monkeypatch, pack):
    path = pack(tmp_path / "bomb.tar.gz", {"zoo/filler.bin": "0" * 100_000, **TF2})
    monkeypatch.setattr(archive, "MOST_BYTES", 50_000)
    assert "more than any detector needs" in sentence(path, tmp_path)
    monkeypatch.setattr(archive, "MOST_BYTES", 10**9)
    monkeypatch.setattr(archive, "MOST_MEMBERS", 3)
    assert "more than any detector needs" in sentence(path, tmp_path)
    monkeypatch.setattr(archive, "MOST_MEMBERS", 100)
    monkeypatch.setattr(archive, "SMALL_ARCHIVE", 10)
    monkeypatch.setattr(archive, "MOST_GROWTH", 10 if pack is tar else 0.5)
    assert "more than any detector needs" in sentence(path, tmp_path)


@pytest.mark.parametrize("pack", [tar, zipped])
@pytest.mark.parametrize("part", [0.02, 0.5, 0.9])
def test_cut_off_downloads(tmp_path, pack, part):
    filler = "".join(chr(33 + (number * number) % 90) for number in range(20_000))
    whole = pack(tmp_path / "whole.tar.gz", {"zoo/filler.index": filler, **TF2}).read_bytes()
    (tmp_path / "half.tar.gz").write_bytes(whole[: int(len(whole) * part)])
    assert "cut off" in sentence(tmp_path / "half.tar.gz", tmp_path)


@pytest.mark.parametrize("content", [b"", b"hello", b"<html>404</html>", b"\x1f\x8b\x08broken", b"PK\x03\x04broken"])
def test_files_that_are_no_archives(tmp_path, content):
    (tmp_path / "x.tar.gz").write_bytes(content)
    assert "neither" in sentence(tmp_path / "x.tar.gz", tmp_path)
    assert "missing" in sentence(tmp_path / "gone.tar.gz", tmp_path)


@pytest.mark.parametrize(
    ("files", "wanted", "words"),
    [
        (TF2, "efficientdet", ("ssd_mobilenet_v2_fpn_keras", "choose the architecture")),
        (TF1, EXTRACTOR, ("TensorFlow 1", "ssd_inception_v2")),
        ({**TF2, "zoo/pipeline.config": CONFIG % (2, "ssd_mobilenet_v3_large")}, EXTRACTOR, ("import its pipeline",)),
        ({**TF2, "zoo/pipeline.config": "hello"}, EXTRACTOR, ("no feature extractor",)),
    ],
)
def test_detectors_of_another_kind(tmp_path, files, wanted, words):
    said = sentence(tar(tmp_path / "zoo.tar.gz", files), tmp_path, wanted)
    assert all(word in said for word in words)


def test_checkpoints_by_any_name_people_give_them(tmp_path):
    run = tmp_path / "run"
    (run / "best").mkdir(parents=True)
    for name in ("ckpt-7.index", "ckpt-7.data-00000-of-00001"):
        (run / "best" / name).write_text("x")
    classes = [{"id": 2, "name": "b"}, {"id": 1, "name": "a"}]
    (run / "dataset.json").write_text(json.dumps({"classes": classes}))
    (run / "pipeline.config").write_text(CONFIG % (2, EXTRACTOR))
    for name in ("ckpt-7", "ckpt-7.index", "ckpt-7.data-00000-of-00001", ""):
        start = resolve(BaseRequest("checkpoint", str(run / "best" / name)), tmp_path / "base", EXTRACTOR)
        assert (start.prefix, start.classes) == (str(run / "best" / "ckpt-7"), ("a", "b"))
    assert "choose the architecture" in sentence(run / "best" / "ckpt-7", tmp_path, "other", "checkpoint")
    assert "missing" in sentence(run / "best" / "ckpt-8", tmp_path, kind="checkpoint")
    (run / "model.ckpt").write_text("V1")
    assert "single file" in sentence(run / "model.ckpt", tmp_path, kind="checkpoint")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('item { id: 0 name: "a" }', "0 is the background"),
        ('item { id: 1 name: "a" } item { id: 3 name: "b" }', "no class with the id 2"),
        ('item { id: 1 name: "a" } item { id: 1 name: "b" }', "both"),
        ('item { name: "a" }', "whole number"),
        ("item { id: 1 }", "no name"),
        ('item { id: 1 name: "a"', "cut off"),
        ('item { id: 1 name: "a" } }', "never opened"),
        ('item {\n id: 1\n name: "a\n}', "Line 3"),
        ("", "no class"),
        ('item { id: 99999999 name: "a" }', "cannot be meant"),
    ],
)
def test_label_maps_with_the_usual_mistakes(tmp_path, text, word):
    (tmp_path / "map.pbtxt").write_text(text)
    with pytest.raises(EngineError, match=word) as caught:
        read_names(tmp_path / "map.pbtxt")
    assert caught.value.code == "bad_label_map"


def test_label_maps_as_they_are_written(tmp_path):
    text = '# names\nitem: {\n  id: 1,\n  name: \'Zo\\303\\253 "box"\'\n}\nitem { id: 3 name: "b" keypoints { id: 9 } }'
    (tmp_path / "map.pbtxt").write_text(text)
    assert read_names(tmp_path / "map.pbtxt", gaps=True) == ['Zoë "box"', "", "b"]


def test_an_archive_that_asks_for_gigabytes_before_it_is_read_is_none(tmp_path):
    """Seventeen bytes that say: an LZMA stream with a dictionary of 4 GB."""
    path = tmp_path / "detector.tar.gz"
    path.write_bytes(b"\x02" + b"\xff" * 16)
    with pytest.raises(EngineError, match="neither a .tar.gz nor a .zip"):
        archive.extract(path, tmp_path / "out", lambda name: True)
