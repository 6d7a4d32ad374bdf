"""A person's own keys of the editor and the desk: kept, refused, reset; through the API, the page and the command."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from datasets.editor_keys import COMMANDS, all_keys, change_keys, changed_keys, printed
from sw_site.lib.errors import UserError
from tests.factories import make_image, make_user

pytestmark = pytest.mark.django_db
URL = "/api/v1/datasets/keys"


def put(client, changed):
    return client.put(URL, json.dumps({"changed": changed}), content_type="application/json")


def test_keys_are_kept_for_the_person_alone(client, alice):
    answer = put(client, {"draw": ["m", "Shift+M"], "lock": ["k"]}).json()
    assert answer["changed"] == {"draw": ["m", "shift+m"]}  # "lock" has its usual key
    draw = next(one for one in answer["commands"] if one["name"] == "draw")
    assert (draw["keys"], draw["usual"]) == (["m", "shift+m"], ["w"])
    assert changed_keys(alice) == answer["changed"]
    assert changed_keys(make_user()) == {}


def test_a_key_of_two_commands_is_refused_by_name(client, alice):
    response = put(client, {"draw": ["d"]})
    assert response.status_code == 409
    assert "D is the key of “draw" in response.json()["error"]["message"]
    assert "(next)" in response.json()["error"]["message"]
    assert changed_keys(alice) == {}
    assert put(client, {"draw": ["d"], "next": []}).status_code == 200


@pytest.mark.parametrize(
    ("changed", "status", "words"),
    [
        ({"draw": ["ctrl+w"]}, 400, "The browser keeps this key"),
        ({"draw": ["space"]}, 400, "Space moves the photo"),
        ({"draw": ["two words"]}, 400, "is no key"),
        ({"draw": ["shift+ctrl+a"]}, 400, "is no key"),
        ({"fly": ["m"]}, 404, "There is no command “fly”"),
        ({"draw": ["1", "2", "3", "4", "5"]}, 422, "at most 4"),
        ({"draw": "m"}, 422, "list"),
        ({"draw": [None]}, 422, "string"),
    ],
)
def test_what_is_no_key_is_refused(client, alice, changed, status, words):
    change_keys(alice, {"lock": ["m"]})
    response = put(client, changed)
    assert response.status_code == status
    assert words in response.json()["error"]["message"]
    assert changed_keys(alice) == {"lock": ["m"]}


def test_the_desk_and_the_editor_may_have_the_same_key(client, alice):
    assert put(client, {"approve": ["w"], "draw": ["w"]}).json()["changed"] == {"approve": ["w"]}  # W draws anyway
    response = put(client, {"approve": ["r"]})
    assert response.status_code == 409
    assert "R is the key of “approve" in response.json()["error"]["message"]
    assert "(return)" in response.json()["error"]["message"]
    assert changed_keys(alice) == {"approve": ["w"]}
    layers = {one["name"]: one["layer"] for one in client.get(URL).json()["commands"]}
    assert [name for name, layer in layers.items() if layer == "desk"] == ["approve", "return", "queue-next"]


def test_reset_gives_the_sites_keys(client, alice):
    change_keys(alice, {"draw": ["m"]})
    assert client.delete(URL).json()["changed"] == {}
    change_keys(alice, {"draw": ["m"]})
    assert client.post(reverse("datasets:editor-keys")).status_code == 302
    assert changed_keys(alice) == {}


def test_every_usual_key_could_be_chosen_by_a_person(alice):
    assert change_keys(alice, all_keys({})) == {}


def test_the_editor_and_the_page_get_the_persons_keys(client, alice):
    change_keys(alice, {"draw": ["ctrl+shift+m"]})
    page = client.get(reverse("datasets:editor-keys"))
    assert f"<kbd>{printed('ctrl+shift+m')}</kbd>" in page.content.decode()
    assert client.get(make_image().get_absolute_url()).context["key_table"]["changed"] == {"draw": ["ctrl+shift+m"]}


def test_a_stranger_has_no_keys(client):
    client.logout()
    assert client.get(URL).status_code == 401
    assert client.get(reverse("datasets:editor-keys")).status_code == 302


def test_a_command_that_is_gone_is_forgotten(alice):
    change_keys(alice, {"draw": ["m"]})
    alice.editor_keys.changed["fly"] = ["m"]
    alice.editor_keys.save()
    assert changed_keys(alice) == {"draw": ["m"]}


def run(*words):
    out = StringIO()
    call_command("editor_keys", *words, "--json", stdout=out)
    return json.loads(out.getvalue().splitlines()[-1])


def test_the_command_lists_changes_and_resets(alice):
    name = alice.get_username()
    assert run(name, "draw", "m")["keys"]["draw"] == ["m"]
    assert run(name, "hide")["keys"]["hide"] == []
    assert run(name, "return", "shift+r", "x")["keys"]["return"] == ["shift+r", "x"]
    assert run(name, "return", "--reset")["keys"]["return"] == ["r"]
    assert run(name, "draw", "--reset")["changed"] == {"hide": []}
    assert run(name, "--reset") == {"keys": {one.name: one.usual for one in COMMANDS.values()}, "changed": {}}
    with pytest.raises(CommandError, match="Nobody here"):
        call_command("editor_keys", "nobody")


def test_several_keys_are_printed_as_people_read_them():
    assert [printed(key) for key in ("+", "ctrl++", "alt+shift+arrowup", "?")] == ["+", "Ctrl +", "Alt ⇧ ↑", "?"]


def test_more_than_four_keys_are_refused(alice):
    with pytest.raises(UserError, match="4 are the most"):
        change_keys(alice, {"draw": ["1", "2", "3", "4", "5"]})
