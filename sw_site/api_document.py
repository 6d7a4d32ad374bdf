"""What the OpenAPI document says of every address alike: the shape of refusals, and the headers all of them know."""

from __future__ import annotations

from typing import Any

ERROR = {
    "title": "Error",
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {
                "code": {"type": "string", "description": "For programs; it stays."},
                "message": {"type": "string", "description": "For people: what happened and what to do next."},
            },
        }
    },
}
REFUSAL = {
    "description": "Refused; the status says in which way (docs/api.md).",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
}
UNCHANGED = {"description": "Nothing changed since the answer with this ETag."}


def header(name: str, description: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": False, "schema": {"type": "string"}, "description": description}


KEY = header("Idempotency-Key", "At most 100 printable characters of your own; sent twice, it is done once.")
IF_MATCH = header("If-Match", "An ETag: 412 when somebody changed it since.")
IF_NONE_MATCH = header("If-None-Match", "An ETag: 304 when nothing changed since.")


def completed(document: Any) -> Any:
    """The document with these in it."""
    document["components"].setdefault("schemas", {})["Error"] = ERROR
    for operations in document["paths"].values():
        for method, operation in operations.items():
            _complete(method, operation)
    return document


def _complete(method: str, operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    responses.setdefault("default", REFUSAL)
    known = operation.setdefault("parameters", [])
    if method == "get":
        responses.setdefault(304, UNCHANGED)
        known.append(IF_NONE_MATCH)
        return
    known.append(IF_MATCH)
    if method == "post":
        known.append(KEY)
