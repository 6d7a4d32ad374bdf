"""A dataset whose every free text was written by an attacker, and what a page must not hold afterwards."""

from __future__ import annotations

from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from django.apps import apps
from django.db import models

from tests.access.cast import make_things

#: Leaves a text, an attribute and a script element; short, for it has to fit the shortest field.
MARK = "data-own"
POISON = f"'\"></script><s {MARK}>"
APPS = ("accounts", "jobs", "team", "datasets", "training", "detections")
#: Texts that the site makes up by itself: keys, hashes, paths in its storage, states, versions of formats.
OWN = {
    "slug", "sha256", "detector_sha256", "digest", "content_hash", "file", "original", "manifest_file", "boxes_file",
    "folder", "handler", "kind", "queue", "subject_url", "key", "request", "begins", "password", "colour", "hotkey",
    "format", "content_type", "query", "last_login", "phase", "error_code", "worker", "device",
}  # fmt: skip
#: Free texts inside of JSON.
JSON_TEXTS: dict[str, Any] = {
    "tags": [[POISON, POISON]],
    "aliases": [POISON],
    "problems": [{"file": POISON, "code": "x", "message": POISON}],
}
LINKS = ("href", "src", "action", "formaction", "hx-get", "hx-post")


def poisoned_things() -> SimpleNamespace:
    things = make_things()
    poison_all()
    for name, row in vars(things).items():
        if isinstance(row, models.Model):
            setattr(things, name, type(row)._default_manager.get(pk=row.pk))
    return things


def poison_all() -> int:
    """Writes POISON into every free text of every row; how many fields there were."""
    done = 0
    for model in (model for app in APPS for model in apps.get_app_config(app).get_models()):
        for field in fields_of(model):
            for pk in model._base_manager.values_list("pk", flat=True):
                model._base_manager.filter(pk=pk).update(**{field.name: text_for(model, field, pk)})
            done += 1
    return done


def fields_of(model: type[models.Model]) -> list[Any]:
    kinds = (models.CharField, models.TextField)
    plain = [one for one in model._meta.concrete_fields if isinstance(one, kinds) and not one.choices]
    texts = [one for one in plain if one.name not in OWN]
    structured = [one for one in model._meta.concrete_fields if isinstance(one, models.JSONField)]
    return texts + [one for one in structured if text_for(model, one, 0) is not None]


def text_for(model: type[models.Model], field: Any, pk: int) -> Any:
    if isinstance(field, models.JSONField):
        flat = field.name == "tags" and model._meta.app_label == "training"
        return [POISON] if flat else JSON_TEXTS.get(field.name)
    return f"{POISON}{pk}"[: field.max_length or 10_000]


class Reader(HTMLParser):
    """`faults`: what an attacker has got into a page."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if MARK in values or any(name.startswith("on") or name == "style" for name in values):
            self.faults.append(self.get_starttag_text() or tag)
        if tag == "script" and "src" not in values and values.get("type") != "application/json":
            self.faults.append("an inline script")
        if tag in ("iframe", "object", "embed", "base"):
            self.faults.append(f"<{tag}>")
        self.faults += [f"{name}={values[name]}" for name in LINKS if leads_away(values.get(name))]


def leads_away(link: str | None) -> bool:
    """To another site, or into a script; the pages link to no other site."""
    parts = urlsplit(link or "")
    return bool(parts.scheme or parts.netloc) and not (link or "").startswith("data:image/svg+xml")


def faults_of(content: str) -> list[str]:
    reader = Reader()
    reader.feed(content)
    reader.close()
    return reader.faults
