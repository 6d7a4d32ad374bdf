"""Turns the engine's events into rows: curves, the best figures so far, and what the job says about itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.db import transaction

from sw_site.jobs.context import JobContext
from training.devices import Device
from training.engine import runner
from training.filmstrip import keep_frame
from training.machine import MachineWatch
from training.models import Frame, Metric, Run
from training.words import duration, percent

LOSSES = {
    "total": "total_loss",
    "localization": "localization_loss",
    "classification": "classification_loss",
    "regularization": "regularization_loss",
}
STEP_VALUES = ("learning_rate", "steps_per_second")
EVAL_VALUES = ("ap", "ap50")
#: Of the machine's readings, those that are drawn as curves.
MACHINE_VALUES = ("cpu_percent", "memory_mb", "gpu_percent", "gpu_memory_mb")
#: Share of the job's progress bar given to the steps; the rest is for preparing and exporting.
STEPS_SHARE = 0.95
PHASE_WORDS = {
    "starting": "Starting the engine",
    "records": "Writing the records",
    "building": "Building the model",
    "restoring": "Reading the weights to start from",
    "training": "Training",
    "evaluating": "Measuring on the validation images",
    "exporting": "Exporting the best checkpoint",
}

Event = dict[str, Any]


class RunFollower:
    """Reads what is new in a run's events.jsonl.

    Rows and the offset read up to are written in one transaction, so a point is stored once whatever dies when. A run
    that goes on from a checkpoint repeats some steps: their newer values replace the older.
    """

    def __init__(self, run: Run, context: JobContext) -> None:
        self.run, self.context = run, context
        self.error: Event | None = None
        self.path: Path = run.directory / "events.jsonl"
        # What another machine wrote at last may not have come through.
        run.events_offset = min(run.events_offset, self.path.stat().st_size if self.path.is_file() else 0)
        self._machine: MachineWatch | None = None

    def on_machine(self, device: Device, machine: MachineWatch) -> None:
        """From now on the run is on this device, and read by this watch."""
        self._machine = machine
        self.run.device = device.title
        self.run.save(update_fields=["device"])

    def pull(self) -> None:
        """Store every whole event written since the last call and tell the job how far things are."""
        self._read_machine()
        events, offset = runner.read_events(self.path, self.run.events_offset)
        if not events:
            return
        with transaction.atomic():
            points: dict[tuple[str, int], float] = {}
            for event in events:
                if event.get("type") == "retry":
                    points = self._go_back(int(event["step"]), points)
                    self.run.note("mended", str(event.get("message", "")))
                points |= self._take(event)
            self.run.events_offset = offset
            store_points(self.run, points)
            self.run.save(update_fields=RUN_FIELDS)
        self.context.progress(progress_of(self.run), 1.0, message_of(self.run))

    def _read_machine(self) -> None:
        reading = self._machine.read() if self._machine else None
        if not reading:
            return
        self.run.machine = reading
        self.run.save(update_fields=["machine"])
        store_points(self.run, {(name, self.run.step): reading[name] for name in MACHINE_VALUES if name in reading})

    def _take(self, event: Event) -> dict[tuple[str, int], float]:
        kind = event.get("type")
        if kind == "state":
            self._take_state(event)
        elif kind == "step":
            return self._take_step(event)
        elif kind == "eval":
            return self._take_eval(event)
        elif kind == "restored":
            self.context.log(restored_line(event))
        elif kind == "export_failed":
            self.context.log(str(event.get("message", "")))
        elif kind == "error":
            self.error = event
            self.context.log(str(event.get("message", "")))
        return {}

    def _go_back(self, step: int, points: dict[tuple[str, int], float]) -> dict[tuple[str, int], float]:
        """The engine goes on from an earlier step after a failure: what came after it belongs to no weights any more.

        Why it does is in the state that follows.
        """
        self.run.step = step
        Metric.objects.filter(run=self.run, step__gt=step).delete()
        Frame.objects.filter(run=self.run, step__gt=step).delete()
        return {(name, at): value for (name, at), value in points.items() if at <= step}

    def _take_state(self, event: Event) -> None:
        self.run.phase = str(event.get("state", ""))[:20]
        if event.get("message"):
            self.context.log(str(event["message"]))

    def _take_step(self, event: Event) -> dict[tuple[str, int], float]:
        run, step = self.run, int(event["step"])
        run.step = step
        if event.get("steps_per_second"):
            run.steps_per_second = smoothed(run.steps_per_second, float(event["steps_per_second"]))
        losses = event.get("loss") or {}
        values = {LOSSES[key]: losses.get(key) for key in LOSSES}
        values |= {key: event.get(key) for key in STEP_VALUES}
        return {(name, step): float(value) for name, value in values.items() if value is not None}

    def _take_eval(self, event: Event) -> dict[tuple[str, int], float]:
        run, step = self.run, int(event["step"])
        run.step = max(run.step, step)
        if event.get("best"):
            run.best_step, run.best_ap, run.best_ap50 = step, event.get("ap"), event.get("ap50")
            run.best_per_class = event.get("per_class") or {}
        keep_frame(run, step, event.get("ap"), event.get("ap50"))
        values = {key: event.get(key) for key in EVAL_VALUES}
        self.context.log(f"Step {step:,}: " + ", ".join(f"{k.upper()} {percent(v)}" for k, v in values.items()))
        return {(name, step): float(value) for name, value in values.items() if value is not None}


RUN_FIELDS = [
    "phase",
    "step",
    "steps_per_second",
    "best_step",
    "best_ap",
    "best_ap50",
    "best_per_class",
    "events_offset",
]


def smoothed(speed: float | None, latest: float) -> float:
    """A speed to reckon with: steady, except that a first step (slow, because it compiles the model) is forgotten."""
    if speed is None or latest > 2 * speed:
        return latest
    return 0.8 * speed + 0.2 * latest


def store_points(run: Run, points: dict[tuple[str, int], float]) -> None:
    rows = [Metric(run=run, name=name, step=step, value=value) for (name, step), value in points.items()]
    Metric.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["run", "name", "step"], update_fields=["value"]
    )


def progress_of(run: Run) -> float:
    if run.phase == "exporting":
        return STEPS_SHARE
    return STEPS_SHARE * min(1.0, run.step / run.steps) if run.steps else 0.0


def seconds_left(run: Run) -> float | None:
    """Of training alone, at the latest speed; None before there is one."""
    if not run.steps_per_second:
        return None
    return max(0, run.steps - run.step) / run.steps_per_second


def message_of(run: Run) -> str:
    if run.phase == "training" and run.step:
        left = seconds_left(run)
        speed = "" if left is None else f", {run.steps_per_second:.1f} steps/s, about {duration(left)} left"
        return f"Step {run.step:,} of {run.steps:,}{speed}"
    words = PHASE_WORDS.get(run.phase, "")
    return f"{words} (step {run.step:,} of {run.steps:,})" if words and run.step else words


def restored_line(event: Event) -> str:
    kept, skipped = event.get("kept", 0), event.get("skipped") or []
    line = f"Restored {kept} tensors from {event.get('from', 'the start')}"
    return f"{line}; {len(skipped)} did not fit and start fresh." if skipped else f"{line}."
