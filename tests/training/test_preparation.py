"""The run directory the site writes is one the engine reads."""

from __future__ import annotations

import json

import pytest

from sw_site.lib.errors import UserError
from tests.factories import make_version
from training.engine.dataset import Dataset
from training.engine.request import RunRequest
from training.preparation import as_text, dataset_json, dataset_text, prepare


def test_the_engine_reads_what_is_written(waiting_run, version):
    directory = prepare(waiting_run("droids"))
    request, dataset = RunRequest.load(directory / "run.json"), Dataset.load(directory / "dataset.json")
    assert (request.name, request.train.steps) == ("droids", 20)
    assert dataset.classes == {1: "BB-8", 2: "R2-D2"}
    first, frozen = dataset.images[0], version.manifest().images[0]
    assert (first.id, first.path, first.file_name) == (frozen.id, frozen.path.resolve(), frozen.file_name)
    assert (first.width, first.height, first.split) == (400, 300, "train")
    assert (first.boxes[0].xmin, first.boxes[0].ymax) == (20.0, 150.0)
    assert not list(directory.glob("*.part"))


@pytest.mark.django_db
def test_class_numbers_with_gaps_become_label_map_ids_without():
    manifest = make_version().manifest()
    manifest.classes[7] = manifest.classes.pop(1)
    changed = [[box.__class__(**{**vars(box), "class_id": {1: 7}.get(box.class_id, box.class_id)}) for box in i.boxes]
               for i in manifest.images]  # fmt: skip
    images = tuple(i.__class__(**{**vars(i), "boxes": tuple(b)}) for i, b in zip(manifest.images, changed, strict=True))
    written = dataset_json(manifest.__class__(manifest.classes, images))
    assert written["classes"] == [{"id": 1, "name": "R2-D2"}, {"id": 2, "name": "BB-8"}]
    assert [image["boxes"][0]["class_id"] for image in written["images"][:2]] == [2, 1]


@pytest.mark.django_db
@pytest.mark.parametrize("images", [0, 1, 5])
def test_the_text_made_image_by_image_is_that_of_the_whole(images):
    manifest = make_version(images=images).manifest()
    assert "".join(dataset_text(manifest)) == as_text(dataset_json(manifest))


@pytest.mark.parametrize("change", [lambda t: t + "\n", lambda t: t[:-1], lambda t: t.replace("train", "tests", 1)])
def test_a_folder_with_another_text_is_set_aside(waiting_run, change):
    run = waiting_run()
    path = prepare(run) / "dataset.json"
    text = path.read_text(encoding="utf-8")
    path.write_text(change(text), encoding="utf-8")
    assert (prepare(run) / "dataset.json").read_text(encoding="utf-8") == text
    assert list(path.parent.parent.glob("*-set-aside-*"))


def test_preparing_again_changes_nothing_and_takes_the_cancel_file_away(waiting_run):
    run = waiting_run()
    directory = prepare(run)
    (directory / "cancel").touch()
    before = {path.name: path.stat().st_mtime_ns for path in directory.glob("*.json")}
    assert prepare(run) == directory
    assert {path.name: path.stat().st_mtime_ns for path in directory.glob("*.json")} == before
    assert not (directory / "cancel").exists()


def test_a_folder_of_another_run_is_set_aside(waiting_run, runs_root):
    run = waiting_run()
    checkpoint = run.directory / "checkpoints" / "ckpt-9.index"
    checkpoint.parent.mkdir(parents=True)
    checkpoint.touch()
    (run.directory / "run.json").write_text("{}")
    directory = prepare(run)
    assert not checkpoint.exists()
    assert json.loads((directory / "run.json").read_text()) == run.config
    aside = next(path for path in runs_root.iterdir() if "set-aside" in path.name)
    assert (aside / "checkpoints" / "ckpt-9.index").exists()


def test_a_folder_that_cannot_be_written_is_a_sentence(waiting_run, runs_root):
    run = waiting_run()
    runs_root.write_text("a file where the folder should be")
    with pytest.raises(UserError, match="cannot be written"):
        prepare(run)


def test_a_version_that_cannot_be_read_is_a_sentence(waiting_run):
    run = waiting_run()
    run.version.content_hash = "0" * 64
    with pytest.raises(UserError, match="not what was frozen"):
        prepare(run)
