"""Logs as lines for people, or as one JSON object a line for machines (SW_LOG_FORMAT)."""

from __future__ import annotations

from typing import Any

FORMATS = ("text", "json")
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
TEXT = "%(asctime)s %(levelname)s %(name)s%(work)s %(message)s"
OURS = ("sw_site", "datasets", "training", "detections")
#: Names of record attributes to the keys they have in JSON.
KEYS = {"asctime": "time", "levelname": "level", "name": "logger"}


def logging_config(form: str = "text", level: str = "INFO") -> dict[str, Any]:
    """For logging.config.dictConfig: everything to stderr, with the ids of request and job.

    Raises:
        ValueError: an unknown format or level.
    """
    if form not in FORMATS:
        raise ValueError(f"SW_LOG_FORMAT={form!r} is unknown. Use one of: {', '.join(FORMATS)}.")
    if level.upper() not in LEVELS:
        raise ValueError(f"SW_LOG_LEVEL={level!r} is unknown. Use one of: {', '.join(LEVELS)}.")
    json = {
        "()": "pythonjsonlogger.json.JsonFormatter",
        "fmt": "%(asctime)s %(levelname)s %(name)s %(message)s %(request)s %(job)s",
        "rename_fields": KEYS,
        "reserved_attrs": [*RESERVED, "work"],
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"work": {"()": "sw_site.lib.log_context.WorkFilter"}},
        "formatters": {"text": {"format": TEXT}, "json": json},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": form, "filters": ["work"]}},
        "root": {"handlers": ["console"], "level": "WARNING"},
        "loggers": {name: {"level": level.upper()} for name in OURS},
    }


#: What a record has by itself; anything else was given with `extra` and becomes a key.
RESERVED = [
    "args", "created", "exc_info", "exc_text", "filename", "funcName", "levelno", "lineno", "module", "msecs", "msg",
    "pathname", "process", "processName", "relativeCreated", "stack_info", "taskName", "thread", "threadName",
    "asctime", "levelname", "message", "name", "request", "job",
]  # fmt: skip
