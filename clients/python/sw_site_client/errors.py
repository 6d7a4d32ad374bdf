"""What can go wrong, in the site's own words."""

from __future__ import annotations

import httpx


class Refused(Exception):
    """The site refused a request. `code` stays from release to release, `message` says what to do next."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{message} ({status} {code})")
        self.status, self.code, self.message = status, code, message

    @classmethod
    def of(cls, response: httpx.Response) -> Refused:
        try:
            error = response.json()["error"]
            return cls(response.status_code, str(error["code"]), str(error["message"]))
        except (ValueError, KeyError, TypeError):
            return cls(response.status_code, "not_an_answer", f"{response.url} did not answer as an sw_site does.")


class JobFailed(Exception):
    """A job of the site ended otherwise than well; `job` is its row."""

    def __init__(self, job: dict) -> None:
        super().__init__(job.get("error") or f"“{job['title']}” ended as {job['state']}.")
        self.job = job
