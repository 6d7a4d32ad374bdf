"""Which request or job the present line of work belongs to, put on every log line."""

from __future__ import annotations

import logging
from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("request_id", default="")
job_id: ContextVar[int | None] = ContextVar("job_id", default=None)


class WorkFilter(logging.Filter):
    """Adds `request` and `job` to each record, and `work`, which says the one there is in words."""

    def filter(self, record: logging.LogRecord) -> bool:
        request, job = request_id.get(), job_id.get()
        said = [f"job {job}"] if job is not None else []
        said += [f"request {request}"] if request else []
        work = f" [{', '.join(said)}]" if said else ""
        record.__dict__.update(request=request, job=job, work=work)
        return True
