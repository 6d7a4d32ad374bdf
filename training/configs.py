"""Somebody's own pipeline.config: kept by its content, explained in a child process, trained as `config:DIGEST`."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.urls import reverse

from sw_site.jobs.context import JobContext
from sw_site.jobs.errors import JobError
from sw_site.jobs.models import Job
from sw_site.jobs.queue import create_job, enqueue
from sw_site.lib.errors import UserError
from training.asking import ask_engine
from training.engine.config_import.source import MOST_BYTES, extractor_of, load, preset_with
from training.engine.errors import EngineError
from training.sharing.places import configs as shared_configs

if TYPE_CHECKING:
    from sw_site.accounts.models import User

KIND = "explain_config"
PREFIX = "config:"
LIMIT_SECONDS = 180
SHOWN_AROUND = 3  # equal lines around each change of a diff


@dataclass(frozen=True)
class Imported:
    """A kept config. `explanation` is what the engine says of it (None until it has been read), `refusal` why not."""

    digest: str
    extractor: str
    explanation: dict[str, Any] | None = None
    refusal: str = ""

    @property
    def title(self) -> str:
        found = preset_with(self.extractor)
        return f"{found.title if found else self.extractor}, {self.digest[:6]}"

    @property
    def reference(self) -> str:
        return f"{PREFIX}{self.digest}"

    @property
    def path(self) -> Path:
        return folder() / f"{self.digest}.config"

    @property
    def preset_name(self) -> str:
        """The preset with the same network, empty when there is none."""
        found = preset_with(self.extractor)
        return found.name if found else ""

    @property
    def state(self) -> str:
        return "read" if self.explanation else "refused" if self.refusal else "waiting"

    @property
    def diff(self) -> list[tuple[str, str]]:
        """(kind, line) of the config as it came and as it will be trained; kind is "", "+", "-" or "@"."""
        said = self.explanation or {}
        return list(diff_of(said.get("before", ""), said.get("after", "")))


def folder() -> Path:
    return shared_configs().path


def diff_of(before: str, after: str) -> Iterator[tuple[str, str]]:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=SHOWN_AROUND, lineterm="")
    for line in list(lines)[2:]:
        yield (line[0].strip(), "" if line[0] == "@" else line[1:])


def keep(content: bytes) -> Imported:
    """Keeps a config under its digest. UserError when it is no config of a detector."""
    if len(content) > MOST_BYTES:
        raise UserError("bad_config", "It is larger than a megabyte, which no pipeline.config is. Choose another.", 422)
    digest = hashlib.sha256(content).hexdigest()[:16]
    path, part = folder() / f"{digest}.config", folder() / f"{digest}.part"
    path.parent.mkdir(parents=True, exist_ok=True)
    part.write_bytes(content)
    try:
        extractor_of(load(part))
        part.replace(path)
    except EngineError as error:
        raise UserError(error.code, error.sentence.replace(part.name, "The file"), 422) from error
    finally:
        part.unlink(missing_ok=True)
    shared_configs().send(path.name)
    return imported(digest)


def imported(digest: str) -> Imported:
    """The kept config of this digest; UserError 404 when there is none."""
    if digest.isalnum():
        shared_configs().bring(f"{digest}.config", f"{digest}.json")
    return imported_here(digest)


def imported_here(digest: str) -> Imported:
    path = folder() / f"{digest}.config"
    if not digest.isalnum() or not path.is_file():
        raise UserError("no_such_config", "There is no such pipeline.config here. Paste it again.", 404)
    said: dict[str, Any] = {}
    with suppress(OSError, ValueError):  # not read yet, or half a note: it is read again when asked for
        said = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    refusal = str(said.get("refusal", ""))
    return Imported(digest, extractor_of(load(path)), None if refusal else said or None, refusal)


def all_imported() -> list[Imported]:
    """The newest first."""
    shared_configs().bring()
    paths = sorted(folder().glob("*.config"), key=lambda path: -path.stat().st_mtime) if folder().is_dir() else []
    return [imported_here(path.stem) for path in paths[:100]]


def request_explanation(config: Imported, *, user: User | None = None, submit: bool = True) -> Job | None:
    """The job that reads a config; None when it has been read, one on its way is not doubled."""
    if config.state != "waiting":
        return None
    waiting = Job.objects.active().filter(kind=KIND, payload__digest=config.digest).first()
    if waiting:
        return waiting
    address = reverse("training:config-detail", args=[config.digest])
    payload = {"digest": config.digest}
    job = create_job(explain, kind=KIND, title=f"Read {config.title}", payload=payload, user=user, subject_url=address)
    if submit:
        enqueue(job)
    return job


def explain(context: JobContext, digest: str) -> dict[str, Any]:
    """Job: reads a config in a child process and keeps what is said of it."""
    context.progress(0.1, 1.0, "Reading the config")
    try:
        config = imported(digest)
        explanation = explain_file(config.path)
        write(config, explanation)
    except UserError as error:
        if error.code == "bad_config":
            write(imported(digest), {"refusal": error.message})
        raise JobError(error.message) from error
    return {"digest": digest, "changes": len(explanation["changes"])}


def write(config: Imported, said: dict[str, Any]) -> None:
    part = config.path.with_suffix(".json.part")
    part.write_text(json.dumps(said, ensure_ascii=False), encoding="utf-8")
    part.replace(config.path.with_suffix(".json"))
    shared_configs().send(f"{config.digest}.json")


def explain_file(path: Path) -> dict[str, Any]:
    """What an import of the file would change, and why. UserError with the engine's own sentence when it is refused."""
    return ask_engine("explain", str(path.resolve()), refused="bad_config", seconds=LIMIT_SECONDS)
