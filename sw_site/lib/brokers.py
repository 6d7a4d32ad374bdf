"""Settings of what carries "there may be work" to the workers: the database, or Redis through RQ or Celery."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from sw_site.env.variables import VARIABLES

#: SW_TASKS -> the Task back end (django.tasks) that sends the messages.
SENDERS = {
    "database": "django_tasks_db.DatabaseBackend",
    "rq": "sw_site.jobs.backends.rq.RqSender",
    "celery": "sw_site.jobs.backends.celery.CelerySender",
}
QUEUES = ["default", "gpu"]
#: Seconds after which a Redis that says nothing counts as gone.
PATIENCE = 2
#: Seconds after which Redis hands a message that nobody confirmed to another worker. Long jobs exceed it, and then the
#: second delivery finds nothing to do; what a dead worker held is found by its heartbeat much sooner.
VISIBILITY_SECONDS = 3600


def chosen(kind: str) -> str:
    """`kind` when it names a back end.

    Raises:
        ValueError: it does not.
    """
    if kind not in SENDERS:
        raise ValueError(f"SW_TASKS={kind!r} is none of {', '.join(SENDERS)}. Leave it empty for database.")
    return kind


def tasks(kind: str) -> dict[str, Any]:
    """The setting TASKS."""
    # No list of queues: each machine has some of its own, by its name.
    return {"default": {"BACKEND": SENDERS[chosen(kind)], "QUEUES": []}}


def redis_url(url: str) -> str:
    """The address with limits on waiting, where it sets none itself.

    Raises:
        ValueError: it is no address of a Redis.
    """
    parts = urlsplit(url or VARIABLES["REDIS_URL"].stands)
    if parts.scheme not in ("redis", "rediss", "unix"):
        # Not the address itself, because it may hold a password.
        raise ValueError("REDIS_URL is not the address of a Redis. Give it like redis://:password@host:6379/0.")
    limits = {"socket_connect_timeout": str(PATIENCE), "socket_timeout": str(PATIENCE)}
    return urlunsplit(parts._replace(query=urlencode(limits | dict(parse_qsl(parts.query)))))


def without_limits(url: str) -> str:
    parts = urlsplit(url)
    kept = [(key, value) for key, value in parse_qsl(parts.query) if not key.startswith("socket_")]
    return urlunsplit(parts._replace(query=urlencode(kept)))


def cache(url: str) -> dict[str, Any]:
    """What one of the setting CACHES is, in the same Redis."""
    return {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": redis_url(url), "KEY_PREFIX": "sw"}


def rq_queues(url: str, host: str) -> dict[str, Any]:
    """The setting RQ_QUEUES, with this machine's own: no time limit, because the Job row has the heartbeat."""
    names = [*QUEUES, *(f"{name}@{host}" for name in QUEUES)]
    return {name: {"URL": url, "DEFAULT_TIMEOUT": -1, "DEFAULT_RESULT_TTL": 3600} for name in names}


def celery(url: str) -> dict[str, Any]:
    """Celery's own settings (lower-case names)."""
    return {
        "broker_url": without_limits(url),
        "broker_transport_options": {
            "visibility_timeout": VISIBILITY_SECONDS,
            "socket_connect_timeout": PATIENCE,
            "socket_timeout": PATIENCE,
            "queue_order_strategy": "round_robin",
        },
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "task_default_queue": "default",
        "task_queues": {name: {} for name in QUEUES},
        "task_create_missing_queues": True,  # those of one machine, by its name
        "task_ignore_result": True,
        # Confirmed when done, one at a time, so that a worker never sits on messages that another could take.
        "task_acks_late": True,
        "task_reject_on_worker_lost": False,
        "worker_prefetch_multiplier": 1,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        # What Flower and other monitors listen to.
        "worker_send_task_events": True,
        "task_send_sent_event": True,
        "task_track_started": True,
        "worker_hijack_root_logger": False,
    }
