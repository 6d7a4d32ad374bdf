"""The zoo as a page shows it: published figures, what is here or on its way, and how anchors fit a version's boxes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from datasets.versions.manifest import ManifestError
from sw_site.jobs.models import Job
from training.engine.architectures.presets import PRESETS
from training.fitting import Fit, fit_of, sizes_of
from training.zoo import downloads, store
from training.zoo.catalogue import ZOO, ZooModel

if TYPE_CHECKING:
    from datasets.models import DatasetVersion

Sizes = NDArray[np.float64]  # [n, 2] widths and heights as shares of their image


@dataclass(frozen=True)
class Card:
    """One start to choose. `model` is None for an upload; `fit` is None without a version.

    `failure` is what the latest download said when it failed and the archive is not here.
    """

    name: str
    title: str
    architecture: str
    input_size: int
    bytes: int
    model: ZooModel | None = None
    archive: store.Archive | None = None
    job: Job | None = None
    fit: Fit | None = None
    failure: str = ""

    @property
    def address(self) -> str:
        return downloads.address_of(self.model) if self.model else ""

    @property
    def is_old(self) -> bool:
        return PRESETS[self.architecture].path == "tf1"


def cards_for(version: DatasetVersion | None = None) -> list[Card]:
    """Uploads first, then the catalogue from the quickest to the slowest."""
    here, coming, sizes = store.archives(), downloads.active(), sizes_for(version)
    cards = [of_upload(archive) for archive in here.values() if archive.name not in ZOO]
    failed = downloads.failures()
    cards += [
        of_model(model, here.get(model.name), coming.get(model.name), failed.get(model.name, ""))
        for model in ZOO.values()
    ]
    return [with_fit(card, sizes) for card in cards]


def card_for(name: str, version: DatasetVersion | None = None) -> Card:
    """The card of one model; UserError for a name the catalogue does not have."""
    model = downloads.model_named(name)
    archive, failure = store.archives().get(name), downloads.failures().get(name, "")
    card = of_model(model, archive, downloads.active().get(name), failure)
    return with_fit(card, sizes_for(version))


def sizes_for(version: DatasetVersion | None) -> Sizes | None:
    try:
        return sizes_of(version.manifest()) if version else None
    except ManifestError:
        return None


def of_model(model: ZooModel, archive: store.Archive | None, job: Job | None, failure: str) -> Card:
    size = archive.bytes if archive else model.bytes
    said = "" if archive or job else failure
    return Card(model.name, model.title, model.preset.name, model.input_size, size, model, archive, job, failure=said)


def of_upload(archive: store.Archive) -> Card:
    return Card(archive.name, archive.name, archive.architecture, archive.input_size, archive.bytes, archive=archive)


def with_fit(card: Card, sizes: Sizes | None) -> Card:
    fit = fit_of(sizes, PRESETS[card.architecture], card.input_size) if sizes is not None else None
    return replace(card, fit=fit)
