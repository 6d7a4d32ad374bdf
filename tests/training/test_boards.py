"""TensorBoard behind the sign-in: one real process, asked through the site."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from sw_site.lib.errors import UserError
from tests.factories import make_run
from training import boards
from training.board_child import is_wanted


@pytest.fixture
def run(version):
    run = make_run(version)
    writer = EventFileWriter(str(run.directory / "train"))
    summary = Summary(value=[Summary.Value(tag="loss/total", simple_value=1.5)])
    writer.add_event(Event(step=7, wall_time=1.0, summary=summary))
    writer.close()
    return run


@pytest.fixture(autouse=True)
def nothing_left(runs_root):
    """Without its note a TensorBoard ends."""
    yield
    for board in boards.boards():
        board.note.unlink()


def test_a_run_is_opened_once_and_shown_to_people_who_are_signed_in(client, visitor, run):
    answer = client.post(reverse("training:board-open"), {"run": run.pk})
    assert answer.status_code == 302
    address = answer.url
    page = client.get(address)
    assert page.status_code == 200 and "text/html" in page["Content-Type"] and page.content
    assert "script-src" in page["Content-Security-Policy"] and page["X-Frame-Options"] == "DENY"
    assert client.get(f"{address}data/runs").json() == [f"run-{run.pk}/train"]
    scalars = client.get(f"{address}data/plugin/scalars/scalars", {"run": f"run-{run.pk}/train", "tag": "loss/total"})
    assert scalars.json() == [[1.0, 7, 1.5]]
    assert client.post(reverse("training:board-open"), {"run": run.pk}).url == address
    assert "sign-in" in visitor.get(address).url
    boards.boards()[0].note.unlink()
    assert client.get(address).status_code == 404


def test_a_board_that_has_ended_is_a_404_and_forgotten(client, run):
    note = boards.folder() / "dead.json"
    note.write_text(f'{{"numbers": [{run.pk}], "port": 1}}')
    assert client.get(reverse("training:board", args=["dead"])).status_code == 404
    assert not note.exists()


def test_a_board_of_a_run_one_may_not_see_is_a_404(client, run):
    (boards.folder() / "secret.json").write_text('{"numbers": [999], "port": 1}')
    assert client.get(reverse("training:board", args=["secret"])).status_code == 404


@pytest.mark.parametrize("runs", [[], ["x"], ["999"], ["²"]])
def test_without_a_run_there_is_nothing_to_open(client, db, runs):
    answer = client.post(reverse("training:board-open"), {"run": runs}, follow=True)
    assert "Choose from 1 to 10 runs" in answer.content.decode()


def test_a_board_that_does_not_start_says_where_to_look(run, monkeypatch):
    monkeypatch.setattr(boards.sys, "executable", "/bin/false")
    with pytest.raises(UserError, match="did not start"):
        boards.open_board([run])
    assert boards.boards() == []


def test_a_board_nobody_looks_at_ends(tmp_path, monkeypatch):
    note = tmp_path / "note.json"
    assert not is_wanted(note)
    note.touch()
    assert is_wanted(note)
    monkeypatch.setattr("training.board_child.IDLE_SECONDS", -1)
    assert not is_wanted(note)


def test_visitors_open_nothing(db):
    assert "sign-in" in Client().post(reverse("training:board-open"), {"run": 1}).url
