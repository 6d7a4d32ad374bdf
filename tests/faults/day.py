"""The day of one site: who works, what strikes, and what must hold after each fault and in the evening."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

from django.core.management import call_command
from django.db import OperationalError, connection

from datasets.models import DatasetVersion
from datasets.traits import refresh_traits
from sw_site.jobs.models import Job, JobState
from sw_site.jobs.queue import retry
from sw_site.upkeep.verifying import verify
from tests.factories import make_box, make_dataset, make_image, make_user
from tests.faults import strikes
from tests.faults.ledger import Ledger
from tests.faults.people import Labeller, Trainer, Uploader
from tests.faults.site import ROOT, Site
from training.engine.runner import read_events
from training.models import Run

if TYPE_CHECKING:
    from tests.faults.story import Report

EVENING_SECONDS = 120
GOING_HOME_SECONDS = 90  # longer than a person waits for the answer to a key that is being worked on
STEPS = 120


class Day:
    def __init__(self, site: Site, seed: int, ledger: Ledger) -> None:
        self.site, self.ledger, self.end = site, ledger, threading.Event()
        call_command("migrate", verbosity=0)
        self.dataset = make_dataset(name="Droids", slug="droids")
        classes = list(self.dataset.classes.values_list("pk", flat=True))
        for _ in range(16):
            make_box(make_image(self.dataset))
        refresh_traits(list(self.dataset.images.values_list("pk", flat=True)))
        self.images = [make_image(self.dataset).pk for _ in range(6)]
        for name in ("lena", "luis", "uma", "tom"):
            make_user(name)
        common = (site.url, seed, ledger, self.end)
        self.labellers = [Labeller(name, *common, images=self.images, classes=classes) for name in ("lena", "luis")]
        self.uploader = Uploader("uma", *common, slug="droids")
        self.trainer = Trainer("tom", *common, slug="droids", version_id=version_id, steps=STEPS)
        self.people = [*self.labellers, self.uploader, self.trainer]

    def kinds(self, rng: random.Random, count: int) -> list[str]:
        site = self.site
        return strikes.chosen(rng, count, bool(site.postgres), bool(site.redis), site.disk)

    def begin(self) -> None:
        for person in self.people:
            person.start()

    def strike(self, kind: str, rng: random.Random, report: Report) -> None:
        """One fault at a random moment, then what must hold; `kind` empty is a moment without one."""
        time.sleep(rng.uniform(0.5, 2.5))
        if kind:
            act = strikes.cut_browsers(self.labellers) if kind == "browsers cut off" else strikes.STRIKES[kind]
            try:
                why_not = act(self.site, rng)
            except Exception as error:
                return report.lose(kind, [f"{type(error).__name__}: {error}"])
            (report.skipped if why_not else report.faults).append(kind)
        try:
            self.site.wait_for_answer()
        except AssertionError as error:
            report.lose(kind, [str(error)])
        report.lose(kind, self.losses())

    def losses(self) -> list[str]:
        """Acknowledged edits against rows, and what a check of the site says while people go on working."""
        for attempt in range(20):
            try:
                found = verify(["database", "files", "labels"])
                bad = [
                    f"verify: {p['code']} {p['subject']}: {p['message']}" for p in found["problems"] if not p["untidy"]
                ]
                return self.ledger.losses() + bad
            except OperationalError as error:  # our own connection was cut as well
                connection.close()
                if attempt == 19:
                    return [f"the database cannot be read: {error}"]
                time.sleep(0.5)
        return []

    def evening(self, report: Report) -> None:
        """People go home, work comes to its end, failed work is started again; then nothing may be missing."""
        if not self.trainer.runs:
            time.sleep(5)
        self.end.set()
        for person in self.people:
            person.join(GOING_HOME_SECONDS)
            if person.is_alive():
                report.lose("evening", [f"{person.name} still waits for an answer"])
        self.hand_in(report)
        self.wait_for_jobs(report)
        for _ in range(2):
            for job in Job.objects.filter(state=JobState.FAILED):
                report.retried.append(f"{job.kind}: {job.error[:200]}")
                retry(job)
            self.wait_for_jobs(report)
        failed = [f"{job.title} failed again: {job.error}" for job in Job.objects.filter(state=JobState.FAILED)]
        report.lose("evening", failed + [person.error for person in self.people if person.error] + self.ledger.notes)
        report.lose("evening", self.losses() + self.ledger.strangers(self.images))
        report.lose("evening", self.ledger.lost_photos(self.dataset.pk))
        for run in Run.objects.all():
            again, wrong = starts_of(run)
            report.resumed += again
            report.lose("evening", wrong)
        report.lose("evening", self.verify_as_operator())
        report.edits, report.photos, report.runs = (
            len(self.ledger.batches), len(self.ledger.photos), Run.objects.count()
        )  # fmt: skip
        report.answers = {str(status): n for status, n in sorted(self.ledger.answers.items())}

    def hand_in(self, report: Report) -> None:
        """What was uploaded and not imported yet."""
        last = Uploader("uma", self.site.url, 0, self.ledger, threading.Event(), slug="droids")
        answer = last.send_once("/uploads/droids/finish", json={"leave_out": True})
        if answer.status_code not in (202, 409):
            report.lose("evening", [f"the last uploads were refused: {answer.status_code} {answer.text[:200]}"])

    def wait_for_jobs(self, report: Report) -> None:
        deadline = time.monotonic() + EVENING_SECONDS
        while active := list(Job.objects.active()):
            if time.monotonic() > deadline:
                stuck = [f"stuck: {job} {job.worker} attempt {job.attempt} {job.message}" for job in active]
                return report.lose("evening", stuck)
            time.sleep(0.2)

    def verify_as_operator(self) -> list[str]:
        argv = [sys.executable, "manage.py", "verify", "--deep", "--json"]
        done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
        try:
            found: dict[str, Any] = json.loads(done.stdout)
        except ValueError:
            return [f"manage.py verify said {done.stdout[-500:]} {done.stderr[-500:]}"]
        return [f"verify: {p['code']} {p['subject']}: {p['message']}" for p in found["problems"] if not p["untidy"]]


def version_id(number: int) -> int:
    try:
        return DatasetVersion.objects.get(dataset__slug="droids", number=number).pk
    finally:
        connection.close()


def starts_of(run: Run) -> tuple[int, list[str]]:
    """How often a run went on, and sentences where that was not from its last checkpoint."""
    events, _ = read_events(run.directory / "events.jsonl", 0)
    kept, again, wrong = 0, 0, []
    for event in events:
        message = str(event.get("message", ""))
        if event.get("type") == "eval":
            kept = int(event["step"])
        elif event.get("type") == "state" and message.startswith("Training from step "):
            start = int(message.split()[3])
            again += start > 0
            if start < kept:  # each evaluation comes after its checkpoint
                wrong.append(f"run {run.pk} went on from step {start} though step {kept} was saved")
    return again, wrong
