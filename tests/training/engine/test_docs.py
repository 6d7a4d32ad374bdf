"""docs/engine.md, kept true: every event, error code and exit code that the engine can give is on the page."""

import ast

import pytest

from training.engine import runner
from training.engine.runner import ROOT

PAGE = (ROOT / "docs" / "engine.md").read_text(encoding="utf-8")
#: Codes that are put together from the name of a split.
PUT_TOGETHER = {"no_train_images", "no_val_images", "no_train_boxes", "no_val_boxes"}


def first_arguments(function: str) -> set[str]:
    """The text constants that calls of `function` in the engine have as their first argument."""
    found = set()
    for file in (ROOT / "training" / "engine").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(function) and node.args:
                first = node.args[0]
                found |= {first.value} if isinstance(first, ast.Constant) and isinstance(first.value, str) else set()
    return found


@pytest.mark.parametrize("code", sorted(first_arguments("EngineError") | PUT_TOGETHER))
def test_error_codes_are_on_the_page(code):
    assert f"`{code}`" in PAGE


@pytest.mark.parametrize("kind", sorted(first_arguments("events.write")))
def test_events_are_on_the_page(kind):
    assert f"\n| `{kind}` |" in PAGE


@pytest.mark.parametrize("state", sorted(first_arguments("events.state")))
def test_states_are_on_the_page(state):
    assert state in PAGE.split("| `state` |")[1].splitlines()[0]


@pytest.mark.parametrize("code", [runner.DONE, runner.CRASHED, runner.CANCELLED, runner.REFUSED])
def test_exit_codes_are_on_the_page(code):
    assert f"\n| {code} | " in PAGE
