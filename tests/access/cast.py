"""Seven people and one of each thing of a dataset, for the matrix of addresses and roles."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client

from datasets.models import ImageOrigin, KeptFile, ReviewNote, SourceAnnotation, UploadBatch
from detections.models import DetectionBatch, DetectionImage, Evaluation, MistakeSearch, Suspicion, VideoScan
from sw_site.accounts.roles import MEMBER_ROLES, Role
from sw_site.jobs.models import JobState
from sw_site.jobs.queue import create_job
from tests.detections.builders import make_detector
from tests.factories import make_box, make_dataset, make_image, make_user, make_version

#: From the least to the most; "outsider" has no role in the dataset, and looks at another one.
PEOPLE = ("visitor", "outsider", "viewer", "annotator", "reviewer", "manager", "admin")


def do_nothing(context: Any) -> None:
    """The work of a job that is never done."""


def people_of(dataset: Any) -> dict[str, Any]:
    users = {name: make_user(name, is_staff=name == "admin") for name in PEOPLE[1:]}
    for role in MEMBER_ROLES:
        dataset.memberships.create(user=users[role.word], role=role)
    return users


def clients_of(users: dict[str, Any]) -> dict[str, Client]:
    clients = {"visitor": Client(raise_request_exception=False)}
    for name, user in users.items():
        clients[name] = Client(raise_request_exception=False)
        clients[name].force_login(user)
    return clients


def make_things() -> SimpleNamespace:
    """One of each; all belong to one dataset in which nobody has a role but its members."""
    dataset = make_dataset(team_role=Role.NOBODY)
    users = people_of(dataset)
    make_dataset(team_role=Role.NOBODY).memberships.create(user=users["outsider"], role=Role.VIEWER)
    version, other = make_version(dataset), make_version(dataset)
    model = make_detector(version)
    run, image = model.run, make_image(dataset)
    job = create_job(do_nothing, kind="train", title="A run", payload={})
    type(run).objects.filter(pk=run.pk).update(job=job)
    default_storage.save("kept.txt", ContentFile(b"kept"))
    batch = DetectionBatch.objects.create(model=model, source="version", version=version, split="val")
    evaluation = Evaluation.objects.create(model=model, version=version, split="val")
    search = MistakeSearch.objects.create(dataset=dataset, model=model)
    annotation = SourceAnnotation.objects.create(image=image, file_name="a.xml", format="voc", content=b"<a/>")
    ImageOrigin.objects.create(image=image, kind="upload")
    export = create_job(do_nothing, kind="dataset_export", title="An export", payload={"dataset_id": dataset.pk})
    type(export).objects.filter(pk=export.pk).update(state=JobState.SUCCEEDED, subject_url=dataset.get_absolute_url())
    uploads = UploadBatch.objects.create(dataset=dataset, user=users["annotator"])
    return SimpleNamespace(
        dataset=dataset, users=users, version=version, other=other, model=model, run=run, image=image, job=job,
        box=make_box(image), batch=batch, evaluation=evaluation, search=search, annotation=annotation, export=export,
        batch_image=DetectionImage.objects.create(batch=batch, file_name="a.jpg", file=image.file, width=4, height=3),
        suspicion=Suspicion.objects.create(search=search, image=image, rank=1, kind="missing", doubt=0.5),
        video=VideoScan.objects.create(model=model, file_name="v.mp4", file="v.mp4"),
        note=ReviewNote.objects.create(image=image, text="Look again."),
        kept=KeptFile.objects.create(dataset=dataset, file_name="k.txt", file="kept.txt", sha256="0", size_bytes=4),
        change=dataset.changes.create(summary="A change"),
        view=dataset.views.create(user=users["viewer"], name="Mine", query="?state=labelled"),
        pair=dataset.pairs.create(first=image, second=make_image(dataset), bits=1),
        upload=uploads.uploads.create(path="a.jpg", size=3),
        export_of_model=model.exports.create(format="onnx", folder="exports/onnx"),
    )  # fmt: skip
