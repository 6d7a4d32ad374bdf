"""What it costs a training that the site follows it, and that somebody has its page open. Goal: 2 % of a step.

    .venv/bin/python -m benchmarks.training.overhead
    .venv/bin/python -m benchmarks.training.overhead --rounds 20 --steps 100 --size 320

One run of the real engine goes on all the time. In turns, for so many steps each, it is left alone, or followed: a
worker's job reads its events every half second into the database, and a page asks for figures and curves every second.
Time is that of the engine's own events, from the first to the last that fall into a turn. `ratio`
compares the seconds a step takes, followed to alone, over neighbouring turns: their median and quartiles. Run it on a
machine with nothing else to do.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

STEPS, LOG_EVERY = 100_000, 10
NEVER = 10**6
PAGE_SECONDS = 1.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--steps", type=int, default=100, help=f"of each turn; one event every {LOG_EVERY}")
    parser.add_argument("--size", type=int, default=320)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DATA_DIR"] = folder
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sw_site.settings")
        print(json.dumps(run(options.rounds, options.steps, options.size), indent=2))


def run(rounds: int, steps: int, size: int) -> dict[str, Any]:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=["ext"])
    from benchmarks.training.pages import frozen_version
    from training.children import engine_child
    from training.preparation import prepare

    made = endless_run(frozen_version(), size)
    directory = prepare(made)
    with engine_child(directory) as process:
        follow = follower(made, process.pid)
        wait_for_steps(directory / "events.jsonl", process)
        sides = {"followed": follow, "alone": lambda: None}
        spans = [(name, *turn(directory / "events.jsonl", steps, sides[name])) for name in order(rounds)]
    return report(step_times(directory / "events.jsonl"), spans)


def order(rounds: int) -> list[str]:
    """Whoever goes first in one round goes last in the next."""
    pair = ["alone", "followed"]
    return [name for number in range(rounds) for name in (pair if number % 2 else pair[::-1])]


def endless_run(version: Any, size: int) -> Any:
    """A run that is neither measured nor saved while it is watched."""
    from training.actions import start_run
    from training.config import TrainingSettings

    settings = TrainingSettings.for_version(version, steps=STEPS, input_size=size)
    made = start_run(version, settings, name="watched", submit=False)
    made.config["train"] |= {"evaluate_every": NEVER, "checkpoint_every": NEVER, "log_every": LOG_EVERY}
    made.save(update_fields=["config"])
    return made


def follower(made: Any, pid: int) -> Callable[[], None]:
    """What the site does beside the engine every half second, in a job's way and a page's way."""
    from django.contrib.auth import get_user_model
    from django.test import Client

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
    client = Client(HTTP_HOST="localhost")
    client.force_login(get_user_model().objects.get_or_create(username="bench")[0])
    pages = [f"{made.get_absolute_url()}{part}/" for part in ("status", "series", "frames")]

    asked = [0.0]

    def follow() -> None:
        rows.pull()
        context.flush()
        if time.time() - asked[0] >= PAGE_SECONDS:
            asked[0] = time.time()
            for page in pages:
                client.get(page)

    return follow


def wait_for_steps(events: Path, process: Any) -> None:
    """Until the first steps, which compile, are over."""
    while len(step_times(events)) < 3:
        if process.poll() is not None:
            raise RuntimeError((events.parent / "log.txt").read_text()[-3000:])
        time.sleep(0.5)


def turn(events: Path, steps: int, beside: Callable[[], None]) -> tuple[float, float]:
    """(begin, end) of a turn that is so many steps long."""
    from training.jobs import POLL_SECONDS

    begin, first = time.time(), step_times(events)[-1][1]
    while step_times(events)[-1][1] < first + steps + LOG_EVERY:
        beside()
        time.sleep(POLL_SECONDS)
    return begin, time.time()


def step_times(events: Path) -> list[tuple[float, int]]:
    """(time, step) of every step event."""
    from training.engine import runner

    found, _ = runner.read_events(events)
    return [(event["time"], event["step"]) for event in found if event.get("type") == "step"]


def report(times: list[tuple[float, int]], spans: list[tuple[str, float, float]]) -> dict[str, Any]:
    seconds = [(name, seconds_per_step(times, begin, end)) for name, begin, end in spans]
    pairs = [dict(seconds[place : place + 2]) for place in range(0, len(seconds), 2)]
    ratios = [pair["followed"] / pair["alone"] for pair in pairs]
    by_name = {name: [value for one, value in seconds if one == name] for name in ("alone", "followed")}
    return {
        "benchmark": "site_overhead",
        "ratio": round(statistics.median(ratios), 4),
        "quartiles": [round(ratio, 4) for ratio in statistics.quantiles(ratios, n=4)] if len(ratios) > 1 else ratios,
        **{f"{name}_seconds_per_step": round(statistics.median(found), 4) for name, found in by_name.items()},
        "rounds": len(ratios),
    }


def seconds_per_step(times: list[tuple[float, int]], begin: float, end: float) -> float:
    inside = [(at, step) for at, step in times if begin <= at <= end]
    (first, one), (last, other) = inside[0], inside[-1]
    return (last - first) / (other - one)


if __name__ == "__main__":
    main()
