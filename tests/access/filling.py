"""Addresses with their parameters filled in, and the least body an operation of the API accepts."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from sw_site.api import api
from tests.factories import picture_bytes

#: What `pk` is, by the beginning of a route; the longest counts.
SUBJECTS = {
    "datasets/images/": "image", "api/v1/datasets/images/": "image", "training/images/": "image",
    "api/v1/training/images/": "image", "api/v1/uploads/file/": "upload", "training/runs/": "run",
    "api/v1/training/runs/": "run", "training/models/": "model", "api/v1/training/models/": "model",
    "detections/models/": "model", "api/v1/detections/models/": "model", "detections/batches/": "batch",
    "api/v1/detections/batches/": "batch", "detections/evaluations/": "evaluation",
    "api/v1/detections/evaluations/": "evaluation", "detections/mistakes/": "search",
    "api/v1/detections/mistakes/": "search", "detections/mistakes/suspicions/": "suspicion",
    "api/v1/detections/mistakes/suspicions/": "suspicion", "detections/videos/": "video",
    "api/v1/detections/videos/": "video", "detections/files/": "batch_image", "jobs/": "job",
    "api/v1/jobs/": "job",
    "datasets/sets/<slug:slug>/changes/": "change", "api/v1/datasets/<slug>/changes/": "change",
    "datasets/sets/<slug:slug>/views/": "view", "datasets/sets/<slug:slug>/import/": "export",
    "datasets/sets/<slug:slug>/export/": "export", "datasets/sets/<slug:slug>/kept/": "kept",
    "api/v1/datasets/<slug>/duplicates/": "pair", "api/v1/datasets/<slug>/classes/": "first_class",
}  # fmt: skip
WORDS = {
    "size": "small", "column": "0", "row": "0", "work": "label", "name": "ssd", "key": "abc", "steps": "5",
    "digest": "abc", "path": "x", "format": "onnx", "chart": "pr", "entry": "0", "architecture": "ssd",
    "username": "viewer", "provider_id": "sso", "delivery": "5b1d6a4e-0000-4000-8000-000000000001",
}  # fmt: skip
#: Of what a schema does not say enough.
BODIES: dict[str, dict[str, Any]] = {
    "api/v1/datasets/<slug>/exports": {"format": "voc"},
    "api/v1/datasets/images/<pk>/operations": {"batch": "5b1d6a4e-0000-4000-8000-000000000001", "base_revision": 0},
}
#: Without a dataset these would be about all of them.
OF_A_DATASET = {"api/v1/team/webhooks"}
#: These take a run to do again instead.
OF_A_VERSION = {f"api/v1/training/{rest}" for rest in ("runs", "runs/check", "runs/config", "trials")}
QUERIES = {"api/v1/datasets/images/<pk>/find": "?to=unlabelled"}
#: How a tus client speaks.
TUS = {"Tus-Resumable": "1.0.0", "Upload-Length": "3", "Upload-Offset": "0"}
TUS_TYPE = "application/offset+octet-stream"


def address(route: str, things: SimpleNamespace) -> str:
    """The route with its parameters filled in."""

    def fill(match: re.Match[str]) -> str:
        name = match[1].rpartition(":")[2]
        return value_of(name, route, things)

    return "/" + re.sub(r"<([^>]+)>", fill, route.lstrip("/")) + QUERIES.get(route, "")


def value_of(name: str, route: str, things: SimpleNamespace) -> str:
    image, first_class = things.image, things.dataset.classes.first()
    own = {
        "slug": things.dataset.slug, "tag": image.sha256[:12], "source": things.annotation.pk, "number": 1, "other": 2,
        "sha256": next(iter(things.version.manifest().images)).sha256, "model": things.model.pk,
        "job_id": things.export.pk, "job": things.export.pk,
    }  # fmt: skip
    if name == "pk":
        longest = max((start for start in SUBJECTS if route.startswith(start)), key=len)
        thing = {**vars(things), "first_class": first_class}[SUBJECTS[longest]]
        return str(thing.pk)
    if name == "other" and "evaluations" in route:
        return str(things.evaluation.pk)
    if name == "number" and "/notes/" in route:
        return str(things.note.pk)
    return str(own[name] if name in own else WORDS[name])


def body_of(method: str, route: str, things: SimpleNamespace) -> dict[str, Any]:
    """Arguments of the test client's request: the least an operation's schema accepts, as JSON or as a form."""
    path = "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route)
    content = SCHEMA["paths"].get(path, {}).get(method.lower(), {}).get("requestBody", {}).get("content", {})
    if route in BODIES:
        return {"data": BODIES[route], "content_type": "application/json"}
    if route.startswith("api/v1/uploads/") and not route.endswith("/finish"):
        return {"headers": TUS, **({"data": b"abc", "content_type": TUS_TYPE} if method == "PATCH" else {})}
    if "multipart/form-data" in content:
        return {"data": least(content["multipart/form-data"]["schema"], things)}
    if "application/json" in content:
        body = least(content["application/json"]["schema"], things)
        if route in OF_A_DATASET:
            body["dataset"] = things.dataset.slug
        if route in OF_A_VERSION:
            body["version"] = things.version.pk
        return {"data": body, "content_type": "application/json"}
    return {}


SCHEMA: dict[str, Any] = api.get_openapi_schema()


def least(schema: dict[str, Any], things: SimpleNamespace, name: str = "") -> Any:
    """The least value a schema accepts; names of what they stand for lead to the things of the dataset."""
    meant = {
        "dataset": things.dataset.slug,
        "model": things.model.pk,
        "version": things.version.pk,
        "path": things.folder,
    }
    if name in meant:
        return meant[name]
    if "$ref" in schema:
        return least(SCHEMA["components"]["schemas"][schema["$ref"].rpartition("/")[2]], things, name)
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema or "allOf" in schema:
        return least((schema.get("anyOf") or schema["allOf"])[0], things, name)
    kind = schema.get("type", "object")
    if kind == "object":
        return {key: least(schema["properties"][key], things, key) for key in schema.get("required", ())}
    if kind == "array":
        return [least(schema["items"], things, name) for _ in range(name in ("images", "files"))]
    if kind == "string" and schema.get("format") == "binary":
        return SimpleUploadedFile("a.jpg", picture_bytes())
    return {"integer": schema.get("minimum", 1), "number": 0.5, "boolean": True}.get(kind, "viewer")
