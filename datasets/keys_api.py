"""A person's own keys of the label editor and the review desk over the API."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Router
from pydantic import Field

from datasets.editor_keys import COMMANDS, MOST_KEYS, all_keys, change_keys, changed_keys, reset_keys
from sw_site.lib.schemas import Body

router = Router(tags=["keys"])
Name = Annotated[str, Field(max_length=40)]


class KeysIn(Body):
    changed: dict[Name, Annotated[list[Name], Field(max_length=MOST_KEYS)]] = Field(max_length=len(COMMANDS))


@router.get("/keys", url_name="editor_keys")
def get_keys(request: HttpRequest) -> dict[str, Any]:
    """Every command of the editor and the review desk with your keys, and those you changed."""
    return _state(changed_keys(request.user))  # type: ignore[arg-type]


@router.put("/keys", url_name="change_editor_keys")
def put_keys(request: HttpRequest, body: KeysIn) -> dict[str, Any]:
    """Your keys by command, all that differ from the site's; 409 where two commands of a layer would share one."""
    return _state(change_keys(request.user, body.changed))  # type: ignore[arg-type]


@router.delete("/keys", url_name="reset_editor_keys")
def delete_keys(request: HttpRequest) -> dict[str, Any]:
    """Back to the site's keys."""
    reset_keys(request.user)  # type: ignore[arg-type]
    return _state({})


def _state(changed: dict[str, list[str]]) -> dict[str, Any]:
    keys = all_keys(changed)
    commands = [{**one._asdict(), "keys": keys[one.name]} for one in COMMANDS.values()]
    return {"commands": commands, "changed": changed}
