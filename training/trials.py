"""Trying a run out before it starts: a few timed steps, a dozen training images, the whole pipeline.config.

The engine does it in a child, on the fullest photos of the version and the settings as they are. What it found is kept
under a digest of all that, so the same question is answered once.
"""

from __future__ import annotations

import difflib
import hashlib
import heapq
import json
import shutil
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import Max
from django.urls import reverse

from datasets.models import DatasetVersion
from datasets.review.hidden import hidden_images
from datasets.versions.manifest import Manifest, ManifestImage
from sw_site.jobs.context import JobContext
from sw_site.jobs.errors import JobError
from sw_site.jobs.models import Job, JobState
from sw_site.jobs.queue import create_job, enqueue
from sw_site.lib.errors import UserError
from sw_site.lib.files.where import bucket
from training.bases import Base
from training.children import engine_child
from training.config import TrainingSettings
from training.devices import device_for
from training.engine import runner
from training.jobs import failure, watch
from training.models import SharedFile, TrainedModel
from training.preparation import fetch_pictures, manifest_of, with_start_here, write_request
from training.sharing.live import send_surely
from training.sharing.places import trial_files

if TYPE_CHECKING:
    from sw_site.accounts.models import User

KIND = "trial"
TRAIN_IMAGES, VAL_IMAGES = 24, 2
KEPT = 40  # trials; the oldest go
LEFT = ("trial.json", "pipeline.config", "defaults.config", "about.json")


@dataclass(frozen=True)
class Trial:
    """What is known of a trial. `report` is the engine's trial.json; `state` is none, running, done or failed."""

    key: str
    state: str
    report: dict[str, Any]
    job: Job | None = None
    #: False where a picture of it might show the boxes of a hidden check.
    shows_samples: bool = True

    @property
    def folder(self) -> Path:
        return folder() / self.key

    @property
    def samples(self) -> range:
        return range(1, int(self.report.get("samples", 0)) + 1 if self.shows_samples else 1)

    @property
    def memory_mb(self) -> float | None:
        return self.report.get("gpu_memory_mb") or self.report.get("memory_mb")

    @property
    def lines(self) -> list[tuple[bool, str]]:
        """(changed, line) of the whole pipeline.config, against that of a run in which nothing was chosen."""
        before, after = (read_lines(self.folder / name) for name in ("defaults.config", "pipeline.config"))
        return list(marked(before, after))


def folder() -> Path:
    return Path(settings.DATA_DIR) / "trials"


def marked(before: list[str], after: list[str]) -> Iterable[tuple[bool, str]]:
    for kind, _, _, start, end in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        yield from ((kind != "equal", line) for line in after[start:end])


def read_lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.is_file() else []


def key_of(version: DatasetVersion, config: TrainingSettings, base: Base) -> str:
    asked = [version.content_hash, config.run_json("", base.to_json())]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:20]


def trial_of(key: str) -> Trial:
    """What is known of a trial, also when it was never asked for."""
    job = Job.objects.filter(kind=KIND, payload__key=key).order_by("-pk").first()
    trial_files(key).bring()
    with suppress(OSError, ValueError):
        return Trial(key, "done", json.loads((folder() / key / "trial.json").read_text(encoding="utf-8")), job)
    if job is None:
        return Trial(key, "none", {})
    if job.is_active:
        return Trial(key, "running", {}, job)
    return Trial(key, "failed" if job.state == JobState.FAILED else "none", {}, job)


def visible_trial(key: str, user: User) -> Trial:
    """A trial by its key; UserError 404 when there is none of a version this person may see."""
    try:
        version = DatasetVersion.objects.visible_to(user).select_related("dataset").get(pk=version_id(key))
    except (OSError, ValueError, DatasetVersion.DoesNotExist):
        raise UserError("no_such_trial", "There is no such trial any more. Ask for it again.", 404) from None
    return as_seen_by(user, version, trial_of(key))


def version_id(key: str) -> int:
    """Raises OSError or ValueError where nothing says it any more."""
    return int(json.loads((folder() / key / "about.json").read_text(encoding="utf-8"))["version"])


def as_seen_by(user: User | None, version: DatasetVersion, trial: Trial) -> Trial:
    """Without pictures where one of its photos is a hidden check for the person: they show the trusted boxes."""
    hidden = hidden_images(user, version.dataset).digests
    drawn = {image.sha256 for image in some_of(manifest_of(version)).images} if hidden else set()
    return replace(trial, shows_samples=not hidden & drawn)


def request_trial(
    version: DatasetVersion, config: TrainingSettings, base: Base, *, user: User | None = None, submit: bool = True
) -> Trial:
    """The trial of these answers, asked for now unless it is there or on its way."""
    key = key_of(version, config, base)
    known = trial_of(key)
    if known.state in ("running", "done"):
        return as_seen_by(user, version, known)
    write_run(folder() / key, version, config, base)
    job = create_job(
        try_out, kind=KIND, title=f"Try out {version}", payload={"key": key}, user=user, queue="gpu",
        subject_url=reverse("training:run-create"),
    )  # fmt: skip
    if submit:
        enqueue(job)
    return Trial(key, "running", {}, job)


def write_run(target: Path, version: DatasetVersion, config: TrainingSettings, base: Base) -> None:
    """A run directory with the fullest photos of the version."""
    manifest = manifest_of(version)
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    run_json = config.run_json("trial", base.to_json())
    about = {"version": version.pk, "run": run_json, "base_model": base.model and base.model.pk}
    (target / "about.json").write_text(json.dumps(about), encoding="utf-8")
    write_request(target, some_of(manifest), run_json)
    trial_files(target.name).send()


def some_of(manifest: Manifest) -> Manifest:
    """The training images with the most boxes, others from all over the version, and a little to measure on."""
    train = manifest.split("train")
    full = heapq.nlargest(TRAIN_IMAGES // 2, train, key=lambda image: len(image.boxes))
    taken = {image.id for image in full}
    others = (image for image in train if image.id not in taken)
    spread = islice(others, 0, None, max(1, (len(train) - len(full)) // (TRAIN_IMAGES // 2)))
    spread = islice(spread, TRAIN_IMAGES // 2)
    val = islice((image for image in manifest.split("val") if image.boxes), VAL_IMAGES)
    chosen: list[ManifestImage] = sorted([*full, *spread, *val], key=lambda image: image.id)
    return replace(manifest, images=tuple(chosen))


def try_out(context: JobContext, key: str) -> dict[str, Any]:
    """Job: the engine's `trial` on a prepared directory; keeps the answers and throws the rest away."""
    directory, shared = folder() / key, trial_files(key)
    bring_request(key)
    context.progress(0.05, 1.0, "Loading TensorFlow and drawing training images")
    with shared.at_work():
        report = report_of(context, directory)
        send_surely(shared, context)
    forget_old()
    context.progress(1.0, 1.0, f"{report['seconds_per_step']:.3g} s a step")
    return {"key": key, **report}


def bring_request(key: str) -> None:
    """What the engine reads, as it lies on this machine; JobError where the request is gone."""
    directory = folder() / key
    trial_files(key).bring()
    try:
        about = json.loads((directory / "about.json").read_text(encoding="utf-8"))
        version = DatasetVersion.objects.get(pk=about["version"])
    except (OSError, ValueError, DatasetVersion.DoesNotExist):
        raise JobError("What was to be tried out is gone. Ask for it again.") from None
    manifest = some_of(manifest_of(version))
    fetch_pictures(manifest)
    if bucket():
        base_model = TrainedModel.objects.filter(pk=about["base_model"]).first()
        write_request(directory, manifest, with_start_here(about["run"], base_model))


def report_of(context: JobContext, directory: Path) -> dict[str, Any]:
    """The engine's answers, which alone stay in the directory."""
    with device_for(context) as device, engine_child(directory, "trial", environment=device.environment) as process:
        watch(process, context, lambda: None)
    if process.returncode != runner.DONE:
        events, _ = runner.read_events(directory / "events.jsonl")
        errors = [event for event in events if event.get("type") == "error"]
        raise failure(process.returncode, directory, errors[-1] if errors else None, context)
    tidy(directory)
    report: dict[str, Any] = json.loads((directory / "trial.json").read_text(encoding="utf-8"))
    return report


def tidy(directory: Path) -> None:
    for path in directory.iterdir():
        if path.name not in (*LEFT, "samples"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def forget_old() -> None:
    known = SharedFile.objects.filter(folder__startswith="trials/").order_by().values_list("folder")
    for name, _ in known.annotate(newest=Max("pk")).order_by("-newest")[KEPT:]:
        trial_files(name.removeprefix("trials/")).forget()
    for path in sorted(folder().iterdir(), key=lambda path: -path.stat().st_mtime)[KEPT:]:
        shutil.rmtree(path, ignore_errors=True)
