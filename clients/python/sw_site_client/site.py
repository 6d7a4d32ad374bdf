"""What a program does with an sw_site."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sw_site_client.errors import JobFailed
from sw_site_client.transport import Transport
from sw_site_client.uploads import finish, named, send_file

ENDED = ("succeeded", "failed", "cancelled")


class Site:
    """A site and what its token may do there. Use it in a `with` block, or `close()` it.

    `url` and `token` are taken from SW_SITE_URL and SW_SITE_TOKEN where they are not given. Every method raises
    `Refused` with the site's own sentence when it says no.
    """

    def __init__(self, url: str = "", token: str = "", **options: Any) -> None:
        url, token = url or os.environ.get("SW_SITE_URL", ""), token or os.environ.get("SW_SITE_TOKEN", "")
        if not url or not token:
            raise ValueError("Say where the site is and give a token, or set SW_SITE_URL and SW_SITE_TOKEN.")
        self.transport = Transport(url, token, **options)

    def __enter__(self) -> Site:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        self.transport.close()

    def datasets(self) -> Iterator[dict[str, Any]]:
        return self.transport.pages("/datasets")

    def create_dataset(self, name: str, description: str = "") -> dict[str, Any]:
        return dict(self.transport.json("POST", "/datasets", {"name": name, "description": description}))

    def upload(self, dataset: str, paths: Iterable[str | Path], *, wait: bool = True, **options: Any) -> dict[str, Any]:
        """Send photos, labels, archives or folders of them into a dataset (its short name) and import them.

        `options` are those of the import: `mapping` (["old=new"]), `label_map`, `leave_out`. Gives the job.
        """
        for path, name in named(paths):
            send_file(self.transport, dataset, path, name)
        job = int(finish(self.transport, dataset, **options)["job"])
        return self.wait_for(job) if wait else self.job(job)

    def freeze(self, dataset: str, **options: Any) -> dict[str, Any]:
        """A new version: the labels as they are now, split into train, val and test."""
        return dict(self.transport.json("POST", f"/datasets/{dataset}/versions", options))

    def train(self, *, wait: bool = False, **settings: Any) -> dict[str, Any]:
        """Start a run: `version`, or `like` an earlier run; see the API's document for all settings."""
        run = dict(self.transport.json("POST", "/training/runs", settings))
        if wait:
            self.wait_for(run["job"])
            run = self.run(run["id"])
        return run

    def run(self, number: int) -> dict[str, Any]:
        return dict(self.transport.json("GET", f"/training/runs/{number}"))

    def models(self, **filters: str) -> Iterator[dict[str, Any]]:
        """Filters: `text`, `dataset`, `alias`, `tag`, `stage`, `order`."""
        return self.transport.pages("/training/models", **filters)

    def model(self, dataset: str, alias: str = "production") -> dict[str, Any]:
        """The model an alias of a dataset points at. LookupError where it points at none."""
        for found in self.models(dataset=dataset, alias=alias):
            return found
        raise LookupError(f"{dataset} has no model called {alias}.")

    def download(self, model: int, format: str, folder: str | Path, *, wait: bool = True) -> Path:
        """An export of a model, unpacked into a folder of its name below `folder`; exported first where it is not."""
        known = {export["format"] for export in self.transport.json("GET", f"/training/models/{model}")["exports"]}
        if format not in known:
            job = self.transport.json("POST", f"/training/models/{model}/exports", {"format": format})["job"]
            if wait:
                self.wait_for(job)
        target = Path(folder) / f"m{model}-{format}"
        with tempfile.TemporaryDirectory(dir=_made(Path(folder))) as work:
            archive = Path(work) / "export.zip"
            with archive.open("wb") as file:
                self.transport.save(f"/training/models/{model}/exports/{format}/", file)
            unpacked = Path(work) / "unpacked"
            shutil.unpack_archive(archive, unpacked)
            shutil.rmtree(target, ignore_errors=True)
            unpacked.rename(target)
        return target

    def detect(self, model: int, image: str | Path, threshold: float | None = None) -> dict[str, Any]:
        """What a model finds on one picture now: edges in pixels of the upright picture."""
        query = {} if threshold is None else {"threshold": threshold}
        path = Path(image)
        files = {"image": (path.name, path.read_bytes())}
        return dict(self.transport.json("POST", f"/detections/models/{model}/detect", files=files, params=query))

    def job(self, number: int) -> dict[str, Any]:
        return dict(self.transport.json("GET", f"/jobs/{number}"))

    def wait_for(self, job: int, every: float = 1.0) -> dict[str, Any]:
        """The job once it has ended well. JobFailed when it ended otherwise."""
        while True:
            row = self.job(job)
            if row["state"] in ENDED:
                break
            time.sleep(every)
        if row["state"] != "succeeded":
            raise JobFailed(row)
        return row


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
