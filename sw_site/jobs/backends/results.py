"""What the task interface gives back for a message whose own outcome nobody asks for: the Job row has it."""

from __future__ import annotations

from typing import Any

from django_tasks import TaskResult, TaskResultStatus
from django_tasks.base import Task


def sent(task: Task, backend: str, id: str, args: Any, kwargs: Any) -> TaskResult:
    return TaskResult(
        task=task,
        id=id,
        status=TaskResultStatus.READY,
        enqueued_at=None,
        started_at=None,
        finished_at=None,
        last_attempted_at=None,
        args=list(args),
        kwargs=dict(kwargs),
        backend=backend,
        errors=[],
        worker_ids=[],
    )


def perform(path: str, args: list[Any]) -> Any:
    """Do what a message says: the task at this dotted path."""
    from django.utils.module_loading import import_string

    return import_string(path).call(*args)
