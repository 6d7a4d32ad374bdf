"""The commands of the label editor and the review desk, their keys, and what a person changed of them.

A key is written "ctrl+shift+z": Ctrl (or Cmd), Alt, Shift, then what the key types, in small letters. The table is
`editor_keys.json`, which static/js/editor/keyboard.js reads too: a command's name, its keys, what it does, and where a
card names several in one line what they do together. A group may name its layer: the keys of the desk come before
those of the editor while somebody reviews or works through a queue, so a key may stand once in each layer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from datasets.models import EditorKeys
from sw_site.lib.errors import UserError

if TYPE_CHECKING:
    from sw_site.accounts.models import User

TABLE: dict[str, Any] = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
MOST_KEYS = 4
FORM = re.compile(r"(?:ctrl\+)?(?:alt\+)?(?:shift\+)?(?:[^\s]|[a-z0-9]{2,12})")


class Command(NamedTuple):
    """A command, what it does, its keys on this site, the heading it stands under, and where its keys count."""

    name: str
    text: str
    usual: list[str]
    group: str
    layer: str


COMMANDS = {
    name: Command(name, text, keys.split(), group, layer[0] if layer else "editor")
    for group, rows, *layer in TABLE["groups"]
    for name, keys, text, *_ in rows
}


def changed_keys(user: User) -> dict[str, list[str]]:
    """What the person changed; commands that the site has no longer are left out."""
    row = EditorKeys.objects.filter(user=user).first()
    return {name: keys for name, keys in row.changed.items() if name in COMMANDS} if row else {}


def change_keys(user: User, changed: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Keep these keys of the person, by command; all other commands have the site's. Returns what is kept.

    Raises:
        UserError: a command or key that there is not, or one key for two commands. Nothing is changed then.
    """
    wanted = {_command(name).name: [_key(key) for key in dict.fromkeys(keys)] for name, keys in changed.items()}
    different = {name: keys for name, keys in wanted.items() if keys != COMMANDS[name].usual}
    _refuse_clashes(all_keys(different))
    EditorKeys.objects.update_or_create(user=user, defaults={"changed": different})
    return different


def reset_keys(user: User) -> None:
    EditorKeys.objects.filter(user=user).delete()


def all_keys(changed: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """The keys of every command, with a person's changes."""
    return {name: changed.get(name, command.usual) for name, command in COMMANDS.items()}


def key_table(user: User) -> dict[str, Any]:
    """What the page's Keyboard is made of: the table, and what the person changed."""
    return {**TABLE, "changed": changed_keys(user)}


def printed(key: str) -> str:
    """A key as people read it: "ctrl+shift+z" is "Ctrl ⇧ Z"."""
    return " ".join(TABLE["words"].get(part, part.upper()) for part in re.findall(r"[^+]+|\+$", key))


def _command(name: str) -> Command:
    if name not in COMMANDS:
        raise UserError("unknown_command", f"There is no command “{name}”. There are: {', '.join(COMMANDS)}.", 404)
    return COMMANDS[name]


def _key(key: str) -> str:
    name = key.lower()
    if not FORM.fullmatch(name):
        raise UserError("unknown_key", f"“{key}” is no key. Write it like r, shift+d, ctrl+alt+k or arrowleft.")
    for pattern, sentence in TABLE["refused"]:
        if re.search(pattern, name):
            raise UserError("refused_key", f"{printed(name)}: {sentence}")
    return name


def _refuse_clashes(keys: Mapping[str, list[str]]) -> None:
    holders: dict[tuple[str, str], str] = {}
    for name, its_keys in keys.items():
        if len(its_keys) > MOST_KEYS:
            raise UserError(
                "too_many_keys", f"“{COMMANDS[name].text}” has {len(its_keys)} keys; {MOST_KEYS} are the most."
            )
        for key in its_keys:
            other = COMMANDS[holders.setdefault((COMMANDS[name].layer, key), name)]
            if other.name != name:
                both = f"“{other.text}” ({other.name}) and of “{COMMANDS[name].text}” ({name})"
                raise UserError(
                    "key_taken", f"{printed(key)} is the key of {both}. Give one of them another key, or none.", 409
                )
