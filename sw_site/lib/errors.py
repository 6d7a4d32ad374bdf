"""The one error people can do something about."""

from __future__ import annotations

from typing import Any


class UserError(Exception):
    """What was asked cannot be done. `message` says what happened and what to do next; `code` is stable for programs.

    Pages show the message, the API answers {"error": {"code", "message"}} with `status`, commands print it and end
    with exit code 1, jobs end as failed with it.
    """

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status

    def as_json(self) -> dict[str, Any]:
        return {"error": {"code": self.code, "message": self.message}}
