"""The desk at a glance: models by dataset with their figures over time, work at hand, devices, disk."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db.models import Q

from datasets.models import Dataset
from sw_site.jobs.hosts import here, host_of
from sw_site.jobs.models import Job, JobState, Worker
from sw_site.jobs.order import queue_order
from training.control import PRIORITIES
from training.devices import Device, gpus, is_busy
from training.disk import Usage, usage
from training.jobs import QUEUE
from training.models import ModelAlias, ModelEvent, Run, TrainedModel

if TYPE_CHECKING:
    from sw_site.accounts.models import User

MOST_DATASETS = 12
MOST_WAITING = 20
USAGE_SECONDS = 60.0
PRODUCTION = "production"


@dataclass(frozen=True)
class Family:
    """The models of one dataset. AP50 is that on the validation split of each model's own version."""

    dataset: Dataset
    count: int
    best: TrainedModel | None
    newest: TrainedModel
    production: TrainedModel | None


@dataclass(frozen=True)
class Seat:
    """A device of one of the machines and what is on it. `reading` is as `training.machine` reports it."""

    host: str
    device: Device
    run: Run | None
    busy: bool
    reading: dict[str, float] = field(default_factory=dict)

    @property
    def state(self) -> str:
        return "busy" if self.busy else "free"


@dataclass
class Measured:
    """The disk's use, walked no oftener than once a minute: a folder of runs has many files."""

    at: float = field(default=-USAGE_SECONDS)
    usage: Usage | None = None

    def now(self) -> Usage:
        if self.usage is None or time.monotonic() - self.at > USAGE_SECONDS:
            self.usage, self.at = usage(), time.monotonic()
        return self.usage


disk = Measured()


def families(user: User) -> list[Family]:
    """Datasets that have models, the one with the newest model first; three queries whatever their number."""
    figures = figures_by_dataset(user)
    best = {pk: best_of(rows) for pk, rows in figures.items()}
    newest = {pk: rows[0][0] for pk, rows in figures.items()}
    shown = TrainedModel.objects.select_related("run__version__dataset")
    models = shown.in_bulk({*newest.values(), *(one for one in best.values() if one is not None)})
    aliases = ModelAlias.objects.filter(name=PRODUCTION, dataset__in=figures).select_related("model")
    production = {alias.dataset_id: alias.model for alias in aliases}
    return [
        Family(
            models[newest[pk]].run.version.dataset,
            len(rows),
            models.get(best[pk] or 0),
            models[newest[pk]],
            production.get(pk),
        )
        for pk, rows in figures.items()
    ]


def figures_by_dataset(user: User) -> dict[int, list[tuple[int, float | None]]]:
    """{dataset: [(model, AP50), ...]} with the newest model first, of the datasets with the newest models.

    Numbers alone: of a thousand models a page shows a few, and each has a run and settings of its own.
    """
    found: dict[int, list[tuple[int, float | None]]] = {}
    rows = TrainedModel.objects.visible_to(user).order_by("-pk").values_list("run__version__dataset", "pk", "ap50")
    for dataset, model, ap50 in rows:
        found.setdefault(dataset, []).append((model, ap50))
    return dict(list(found.items())[:MOST_DATASETS])


def best_of(rows: list[tuple[int, float | None]]) -> int | None:
    """The model with the highest AP50, the newest of equal ones; None where nothing is measured."""
    measured = [(ap50, model) for model, ap50 in rows if ap50 is not None]
    return max(measured)[1] if measured else None


def figures_over_time(dataset: Dataset, user: User) -> dict[str, Any]:
    """{"series": {ap50, best, production}, "finished": true}: AP50 over the models' numbers.

    `best` is the best until then; `production` is what people had made production when that model was the newest.
    """
    models = TrainedModel.objects.visible_to(user).filter(run__version__dataset=dataset).order_by("number")
    rows = list(models.values_list("number", "ap50", "created_at"))
    ap50 = [[number, value] for number, value, _ in rows if value is not None]
    best, highest = [], 0.0
    for number, value in ap50:
        highest = max(highest, value)
        best.append([number, highest])
    return {"series": {"ap50": ap50, "best": best, "production": promoted(dataset, rows)}, "finished": True}


def promoted(dataset: Dataset, rows: list[tuple[int, float | None, Any]]) -> list[list[float]]:
    """The production model's AP50 at each number from the first promotion on."""
    became = ModelEvent.objects.filter(
        Q(kind="alias", message__startswith=f"Became {PRODUCTION} of"), model__run__version__dataset=dataset
    )
    moves = list(became.order_by("at").values_list("at", "model__ap50"))
    points: dict[int, float] = {}
    for at, value in moves:
        number = max((number for number, _, made in rows if made <= at), default=None)
        if number is not None and value is not None:
            points[number] = value
    found, value = [], None
    for number, _, _ in rows:
        value = points.get(number, value)
        if value is not None:
            found.append([number, value])
    return found


def active_runs(user: User) -> tuple[list[Run], list[Run]]:
    """Runs that train, and those that wait in the order in which they will be taken.

    Their `place` is that among all jobs of the queue, of which a person may see a few only.
    """
    runs = Run.objects.visible_to(user).for_list()
    running = list(runs.filter(job__state=JobState.RUNNING).order_by("job_id"))
    waiting = list(runs.filter(job__state=JobState.QUEUED))
    place = {pk: number for number, pk in enumerate(queue_order(QUEUE) if waiting else [], start=1)}
    waiting.sort(key=lambda run: (place.get(run.job_id or 0, len(place) + 1), run.pk))
    for run in waiting:
        run.place = place.get(run.job_id or 0)
    return running, waiting[:MOST_WAITING]


def seats(running: list[Run]) -> list[Seat]:
    """The devices of every machine that trains, each with its run; the processor where there is no GPU.

    As long as no worker has said that it is there: those of the machine the site runs on.
    """
    on = {(host_of(run.job.worker) if run.job else here(), run.device): run for run in running}
    # Whoever has it: a device that trains what this person may not see is not free.
    rows = Run.objects.filter(job__state=JobState.RUNNING).values_list("job__worker", "device")
    taken = {(host_of(worker), device) for worker, device in rows} | on.keys()
    machines = {worker.host: worker for worker in Worker.objects.order_by("seen_at") if QUEUE in worker.queues}
    found = [seat for worker in machines.values() if worker.is_alive for seat in seats_of(worker, on, taken)]
    return sorted(found, key=lambda seat: (seat.host, seat.device.title)) or seats_here(on)


def seats_of(worker: Worker, on: dict[tuple[str, str], Run], taken: set[tuple[str, str]]) -> list[Seat]:
    cards = worker.reading.get("gpus") or []
    devices = [(Device(card["number"], card["name"]), card) for card in cards] or [(Device(), worker.reading)]
    places = [(device, reading, (worker.host, device.title)) for device, reading in devices]
    return [Seat(worker.host, device, on.get(at), at in taken, reading) for device, reading, at in places]


def seats_here(on: dict[tuple[str, str], Run]) -> list[Seat]:
    found = [Seat(here(), device, on.get((here(), device.title)), is_busy(device)) for device in gpus()]
    cpu = on.get((here(), Device().title))
    return found or [Seat(here(), Device(), cpu, cpu is not None)]


def dashboard(user: User) -> dict[str, Any]:
    return {**work_at_hand(user), "families": families(user)}


def work_at_hand(user: User) -> dict[str, Any]:
    """What changes from second to second: runs, jobs, devices, disk."""
    running, waiting = active_runs(user)
    other = Job.objects.visible_to(user).active().exclude(kind="train").filter(queue="gpu")
    return {
        "running": running,
        "waiting": waiting,
        "other_jobs": other.defer("log", "payload", "result")[:MOST_WAITING],
        "seats": seats(running),
        "disk": disk.now(),
        "priorities": PRIORITIES,
        "workers": sorted({run.job.worker for run in running if run.job and run.job.worker}),
    }


def dashboard_json(user: User) -> dict[str, Any]:
    """The same for programs."""
    found = dashboard(user)
    space: Usage = found["disk"]
    return {
        "datasets": [
            {
                "dataset": one.dataset.slug,
                "models": one.count,
                "best": one.best and {"model": one.best.pk, "ap50": one.best.ap50},
                "production": one.production and {"model": one.production.pk, "ap50": one.production.ap50},
            }
            for one in found["families"]
        ],
        "running": [
            {"run": run.pk, "step": run.step, "steps": run.steps, "device": run.device} for run in found["running"]
        ],
        "waiting": [run.pk for run in found["waiting"]],
        "devices": [
            {
                "host": seat.host,
                "device": seat.device.title,
                "name": seat.device.name,
                "busy": seat.busy,
                "state": seat.state,
                "run": seat.run and seat.run.pk,
                "reading": seat.reading,
            }
            for seat in found["seats"]
        ],
        "disk": {"used": space.used, "budget": space.budget, "free": space.free},
    }
