"""dataset.json: what is refused before anything is built, and how boxes are cut to their image."""

import copy

import pytest

from tests.training.engine.builders import make_dataset
from training.engine.dataset import Dataset
from training.engine.errors import EngineError


@pytest.fixture
def value(tmp_path):
    return make_dataset(tmp_path)


def refusal(value) -> EngineError:
    with pytest.raises(EngineError) as caught:
        Dataset.from_json(value)
    return caught.value


def test_reads_classes_splits_and_boxes(value):
    dataset = Dataset.from_json(value)
    assert dataset.classes == {1: "Ball", 2: 'Zoë "box"'}
    assert [len(dataset.split(name)) for name in ("train", "val", "test")] == [4, 2, 1]
    box = dataset.images[0].boxes[0]
    assert (box.class_id, box.xmin, box.ymax, box.difficult) == (1, 20.0, 70.0, False)
    assert dataset.most_boxes() == 1


@pytest.mark.parametrize("ids", [[0, 1], [1, 3], [2, 3], [1, 1]])
def test_class_ids_must_count_from_one(value, ids):
    for item, class_id in zip(value["classes"], ids, strict=True):
        item["id"] = class_id
    assert refusal(value).code == "bad_classes"


def test_class_names_must_differ(value):
    value["classes"][1]["name"] = " Ball"
    assert refusal(value).code == "bad_classes"


def test_no_classes(value):
    value["classes"] = []
    assert refusal(value).code == "bad_classes"


@pytest.mark.parametrize("split", ["train", "val"])
def test_a_split_without_images(value, split):
    value["images"] = [image for image in value["images"] if image["split"] != split]
    assert refusal(value).code == f"no_{split}_images"


@pytest.mark.parametrize("split", ["train", "val"])
def test_a_split_without_boxes(value, split):
    for image in value["images"]:
        if image["split"] == split:
            image["boxes"] = []
    assert refusal(value).code == f"no_{split}_boxes"


def test_boxes_outside_the_image_do_not_count(value):
    for image in value["images"]:
        if image["split"] == "val":
            image["boxes"][0].update(xmin=5000.0, xmax=6000.0)
    assert refusal(value).code == "no_val_boxes"


def test_box_of_an_unknown_class(value):
    value["images"][0]["boxes"][0]["class_id"] = 3
    error = refusal(value)
    assert error.code == "bad_classes"
    assert "photo 0.jpg" in error.sentence


def test_repeated_image_and_unknown_split(value):
    repeated = copy.deepcopy(value)
    repeated["images"][1]["id"] = repeated["images"][0]["id"]
    assert refusal(repeated).code == "bad_dataset"
    value["images"][0]["split"] = "holdout"
    assert "holdout" in refusal(value).sentence


def test_missing_key_is_one_sentence(value):
    del value["images"][0]["width"]
    assert "width" in refusal(value).sentence


def test_boxes_are_cut_to_the_image_and_empty_ones_dropped(value):
    image = value["images"][0]
    image["boxes"] = [
        {"class_id": 1, "xmin": -5.0, "ymin": 10.0, "xmax": 999.0, "ymax": 50.0, "difficult": True},
        {"class_id": 1, "xmin": 30.0, "ymin": 10.0, "xmax": 30.0, "ymax": 50.0},
    ]
    (box,) = Dataset.from_json(value).images[0].visible_boxes()
    assert (box.xmin, box.ymin, box.xmax, box.ymax) == (0.0, 10.0, 160.0, 50.0)
    assert box.difficult
