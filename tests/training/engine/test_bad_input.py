"""run.json and dataset.json with anything in any place: either they are understood, or one sentence refuses them."""

import copy
import json
import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.training.engine.builders import make_dataset
from training.engine.dataset import Dataset
from training.engine.errors import EngineError
from training.engine.recipe import complete
from training.engine.request import RunRequest

BOUNDED = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["", "\ud800", "NaN", 10**400, -1, 0, 2**63, 1e308, -0.0])
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
)


def places(value, path=()):
    """The path of every value inside a JSON value, its own included."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from places(item, (*path, key))


def with_value(whole, path, value):
    if not path:
        return value
    changed = copy.deepcopy(whole)
    inside = changed
    for key in path[:-1]:
        inside = inside[key]
    inside[path[-1]] = value
    return changed


def refusal(read, value) -> str | None:
    """The sentence a value was refused with; None when it was understood."""
    try:
        read(value)
    except EngineError as error:
        assert error.code and error.sentence.endswith((".", "!")), error.sentence
        assert len(error.sentence) < 1500
        error.sentence.encode()  # it has to fit into the events
        return error.sentence
    return None


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    value = make_dataset(tmp_path_factory.mktemp("photos"))
    value["images"][0].update(sha256="00", file_name="a.jpg")
    value["images"][0]["boxes"][0].update(difficult=True, truncated=False, pose="Left")
    return value


REQUEST = {**RunRequest().to_json(), "base": {"kind": "checkpoint", "path": "/runs/1/ckpt-5", "classes": ["a", "b"]}}


@BOUNDED
@given(data=st.data())
def test_anything_anywhere_in_the_dataset(dataset, data):
    path = data.draw(st.sampled_from(list(places(dataset))))
    changed = with_value(dataset, path, data.draw(VALUES))
    if refusal(Dataset.from_json, changed) is None:
        understood = Dataset.from_json(changed)
        edges = [(box.xmin, box.ymin, box.xmax, box.ymax) for image in understood.images for box in image.boxes]
        assert all(math.isfinite(edge) for box in edges for edge in box)
        assert sorted(understood.classes) == list(range(1, len(understood.classes) + 1))


@BOUNDED
@given(data=st.data())
def test_anything_anywhere_in_the_request(dataset, data):
    path = data.draw(st.sampled_from(list(places(REQUEST))))
    changed = with_value(REQUEST, path, data.draw(VALUES))
    images = Dataset.from_json(dataset)
    refusal(lambda value: RunRequest.from_json(complete(value, images)), changed)
    if refusal(RunRequest.from_json, changed) is None:
        understood = RunRequest.from_json(changed)
        assert RunRequest.from_json(json.loads(json.dumps(understood.to_json()))) == understood


@pytest.mark.parametrize(
    "value", [[1], {"a": 1}, 1.5, "x", None, -1, math.nan, 10**400], ids=lambda value: str(value)[:9]
)
def test_the_same_value_in_every_place(dataset, value):
    """Whatever is no refusal with a sentence comes out of `refusal` and fails the test."""
    images = Dataset.from_json(dataset)
    requests = [
        refusal(lambda changed: RunRequest.from_json(complete(changed, images)), with_value(REQUEST, path, value))
        for path in places(REQUEST)
    ]
    datasets = [refusal(Dataset.from_json, with_value(dataset, path, value)) for path in places(dataset)]
    # No value fits everywhere: a batch size is no text, a class name no number.
    assert any(requests) and any(datasets)


@BOUNDED
@given(text=st.text(max_size=40) | st.binary(max_size=40))
def test_files_that_are_not_json(tmp_path, text):
    path = tmp_path / "run.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
    assert refusal(RunRequest.load, path) or isinstance(json.loads(path.read_bytes()), dict)
    assert refusal(Dataset.load, path)


def test_deep_nesting_is_no_crash(tmp_path):
    path = tmp_path / "run.json"
    path.write_text("[" * 100_000)
    assert "run.json" in str(refusal(RunRequest.load, path))


@pytest.mark.parametrize(
    ("key", "value", "word"),
    [
        ("xmin", math.nan, "xmin is nan"),
        ("xmax", math.inf, "xmax is inf"),
        ("ymin", "10", "ymin is '10'"),
        ("class_id", 1.5, "class_id is 1.5"),
        ("class_id", True, "class_id is True"),
        ("difficult", "no", "difficult is 'no'"),
    ],
)
def test_a_bad_box_is_said_with_its_image(dataset, key, value, word):
    changed = copy.deepcopy(dataset)
    changed["images"][2]["boxes"][0][key] = value
    sentence = str(refusal(Dataset.from_json, changed))
    assert "photo 2.jpg" in sentence and word in sentence and "create the version again" in sentence


def test_duplicate_class_ids_and_names_that_only_look_empty(dataset):
    changed = copy.deepcopy(dataset)
    changed["classes"][1] = {"id": 1, "name": "other"}
    assert "without gaps" in str(refusal(Dataset.from_json, changed))
    changed["classes"][1] = {"id": 2, "name": " \t"}
    assert "name of its own" in str(refusal(Dataset.from_json, changed))
