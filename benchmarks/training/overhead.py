"""What it costs a training that the site follows it, and that somebody has its page open. Goal: 2 % of a step.

    .venv/bin/python -m benchmarks.training.overhead
    .venv/bin/python -m benchmarks.training.overhead --steps 400 --size 320 --before 50000

One run of the real engine trains all the time. Beside it the worker's job reads its events every half second into the
database, with the machine's readings, and an open page asks for figures, curves and filmstrip every second. What is
measured is processor time, which another program on the machine hardly changes: of one look of the follower, of what a
page asks for at once, and of writing the event of a step. Each second has two such looks and one such asking.
`followed` and `watched` are their shares of all cores: where a training keeps every core busy, a step takes so much
longer; where a GPU does the work, nothing. `--before` gives the run so many steps of curves beforehand.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

STEPS, LOG_EVERY = 1_000_000, 10
NEVER = 10**6
PAGE_SECONDS = 1.0
GOAL = 0.02
WRITTEN = 2000  # events written to time the writing of one
EVENT = {
    "loss": {"total": 1.234567, "localization": 0.345678, "classification": 0.765432, "regularization": 0.123456},
    "learning_rate": 0.0123456, "steps_per_second": 4.32, "images_per_second": 34.56, "memory_mb": 2345.6,
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=300, help="how long it is measured")
    parser.add_argument("--size", type=int, default=320)
    parser.add_argument("--before", type=int, default=0, help="steps whose curves are there already")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DATA_DIR"] = folder
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sw_site.settings")
        print(json.dumps(run(options.steps, options.size, options.before), indent=2))


@dataclass
class Clock:
    """Processor seconds of this process, of each thing it has done."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: {"look": [], "page": []})

    def time(self, name: str, work: Callable[[], object]) -> None:
        begin = time.process_time()
        work()
        self.seconds[name].append(time.process_time() - begin)


def run(steps: int, size: int, before: int) -> dict[str, Any]:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    from benchmarks.training.pages import frozen_version, store_curves
    from sw_site.gunicorn_config import post_worker_init
    from training.children import engine_child
    from training.preparation import prepare

    made = endless_run(frozen_version(), size)
    store_curves(made, before)
    post_worker_init(None)
    directory = prepare(made)
    with engine_child(directory) as process:
        wait_for_steps(directory / "events.jsonl", process)
        found = watch(made, psutil.Process(process.pid), steps)
    return {**found, "size": size, "steps_before": before}


def endless_run(version: Any, size: int) -> Any:
    """A run that is neither measured nor saved while it is watched."""
    from training.actions import start_run
    from training.config import TrainingSettings

    settings = TrainingSettings.for_version(version, steps=100_000, input_size=size)
    made = start_run(version, settings, name="watched", submit=False)
    made.config["train"] |= {
        "steps": STEPS, "evaluate_every": NEVER, "checkpoint_every": NEVER, "log_every": LOG_EVERY, "warmup_steps": 50,
    }  # fmt: skip
    made.save(update_fields=["config"])
    return made


def watch(made: Any, engine: psutil.Process, steps: int) -> dict[str, Any]:
    """Follows and watches the run for so many steps."""
    from training.jobs import POLL_SECONDS

    clock, page = Clock(), open_page(made)
    rows, context = follower(made, engine.pid)
    rows.pull()
    begin, first, asked = engine_seconds(engine), made.step, 0.0
    while made.step < first + steps:
        clock.time("look", lambda: (rows.pull(), context.flush()))
        if time.monotonic() - asked >= PAGE_SECONDS:
            asked = time.monotonic()
            clock.time("page", page)
        time.sleep(POLL_SECONDS)
    done = made.step - first
    step = (engine_seconds(engine) - begin) / done
    return report(step, {name: statistics.mean(found) for name, found in clock.seconds.items()}, done)


def report(step: float, site: dict[str, float], done: int) -> dict[str, Any]:
    """`step`: processor seconds of the engine for one step; `site`: of a look and of a page's asking."""
    from training.jobs import POLL_SECONDS

    cores = os.cpu_count() or 1
    writing = seconds_to_write()
    followed = site["look"] / POLL_SECONDS / cores + writing / LOG_EVERY / step
    watched = followed + site["page"] / PAGE_SECONDS / cores
    return {
        "benchmark": "site_overhead",
        "goal": GOAL,
        "met": watched <= GOAL,
        "followed": round(followed, 5),
        "watched": round(watched, 5),
        "cores": cores,
        "look_ms": round(1000 * site["look"], 2),
        "page_ms": round(1000 * site["page"], 2),
        "event_ms": round(1000 * writing, 4),
        "engine_cpu_ms_per_step": round(1000 * step, 2),
        "steps": done,
    }


def engine_seconds(engine: psutil.Process) -> float:
    """Processor seconds of the engine so far, with those of its children."""
    times = [one.cpu_times() for one in (engine, *engine.children(recursive=True))]
    return sum(one.user + one.system for one in times)


def seconds_to_write() -> float:
    """Processor seconds of writing the event of one step."""
    from training.engine.events import EventLog

    with tempfile.TemporaryDirectory() as folder:
        log = EventLog(Path(folder) / "events.jsonl")
        begin = time.process_time()
        for step in range(WRITTEN):
            log.write("step", step=step, **EVENT)
        seconds = time.process_time() - begin
        log.close()
    return seconds / WRITTEN


def follower(made: Any, pid: int) -> tuple[Any, Any]:
    """What the worker's job has: the follower with a watch of the machine, and its context."""
    from sw_site.jobs.context import JobContext
    from sw_site.jobs.models import Job, JobState
    from training.devices import Device
    from training.following import RunFollower
    from training.machine import MachineWatch

    Job.objects.filter(pk=made.job_id).update(state=JobState.RUNNING)
    made.job.refresh_from_db()
    context = JobContext(made.job)
    rows = RunFollower(made, context)
    rows.on_machine(Device(), MachineWatch(pid, None))
    return rows, context


def open_page(made: Any) -> Callable[[], None]:
    """What a browser asks for each second that the run's page is open."""
    from django.contrib.auth import get_user_model
    from django.test import Client

    client = Client(HTTP_HOST="localhost")
    client.force_login(get_user_model().objects.get_or_create(username="bench", is_staff=True)[0])
    address = made.get_absolute_url()
    client.get(address)
    kept = client.get(f"{address}series/").json()

    def ask() -> None:
        client.get(f"{address}status/")
        client.get(f"{address}frames/", {"have": ""})
        kept.update(client.get(f"{address}series/", {"after": kept["newest"], "story": kept["story"]}).json())

    return ask


def wait_for_steps(events: Path, process: Any) -> None:
    """Until the first steps, which compile, are over."""
    from training.engine import runner

    while sum(event.get("type") == "step" for event in runner.read_events(events)[0]) < 3:
        if process.poll() is not None:
            raise RuntimeError((events.parent / "log.txt").read_text()[-3000:])
        time.sleep(0.5)


if __name__ == "__main__":
    main()
