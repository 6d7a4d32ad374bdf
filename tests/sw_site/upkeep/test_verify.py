"""`manage.py verify`: each fault is made, found, said, and mended where that is safe."""

import io
import json
import os
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from datasets.models import Box, DatasetVersion, Image, KeptFile, Revision
from datasets.saving import BoxValues, save_boxes
from datasets.storage import thumbnail_name
from detections.models import Evaluation
from sw_site.jobs.models import Job, JobState
from sw_site.jobs.order import queue_order
from sw_site.jobs.queue import create_job, run_here, submit
from sw_site.upkeep.verifying import verify
from tests.factories import make_box, make_dataset, make_image, make_model, make_run, make_user, make_version

pytestmark = pytest.mark.django_db(transaction=True)


def labelled_image(**kwargs):
    """An image with two boxes that came in by a save, as every image's do."""
    image = make_image(**kwargs)
    label = image.dataset.classes.first()
    boxes = [BoxValues(Box().pk, label.pk, 10, 10, 90, 80), BoxValues(Box().pk, label.pk, 100, 50, 200, 150)]
    return save_boxes(image, 0, boxes, verified=False, negative=False, user=None)


def age(name):
    """A file as it is when it has lain there for a day."""
    day_ago = time.time() - 86_400
    os.utime(default_storage.path(name), (day_ago, day_ago))


def counts(**options):
    return verify(**options)["counts"]


def do_nothing(context):
    return None


@pytest.fixture
def staff(visitor):
    visitor.force_login(make_user("root", is_staff=True))
    return visitor


def test_a_sound_site_is_found_sound():
    image = labelled_image()
    make_version(image.dataset)
    Image.objects.exclude(pk=image.pk).delete()  # the others came without a history
    report = verify(deep=True)
    assert report["ok"] and report["problems"] == []
    assert report["looked_at"]["boxes"] == 2 and report["looked_at"]["versions"] == 1


def test_files_of_rows_that_are_gone():
    image = labelled_image()
    default_storage.delete(image.file)
    version = make_version(images=1)
    Box.objects.filter(image__dataset=version.dataset).delete()
    evaluation = Evaluation.objects.create(model=make_model(), version=version, split="val", boxes_file="gone.json")
    report = verify(["files"])
    subjects = [row["subject"] for row in report["problems"]]
    assert report["counts"] == {"file_missing": 2} and not report["ok"]
    assert f"image {image.pk}" in subjects and f"evaluation {evaluation.pk}" in subjects


def test_bytes_that_changed():
    image, kept = labelled_image(), b"labels"
    KeptFile.objects.create(
        dataset=image.dataset, file_name="all.csv", sha256="0" * 64, file="kept/all", size_bytes=len(kept)
    )
    default_storage.save("kept/all", ContentFile(kept))
    assert counts(only=["files"]) == {}
    assert counts(only=["files"], deep=True) == {"kept_file_damaged": 1}
    path = Path(default_storage.path(image.original))
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    assert counts(only=["files"]) == {}
    assert counts(only=["files"], deep=True) == {"kept_file_damaged": 1, "image_file_damaged": 1}
    path.write_bytes(path.read_bytes()[:100])
    assert counts(only=["files"]) == {"image_file_damaged": 1}


def test_a_box_beyond_the_photo_is_cut_as_a_revision():
    image = labelled_image()
    box = image.boxes.get(x1=100)  # large as it is, so that its sort does not change
    Box.objects.filter(pk=box.pk).update(x2=image.width + 40)
    assert counts(only=["labels"]) == {"box_outside_image": 1}
    report = verify(["labels"], mend=True)
    assert report["ok"] and report["mended"] == 1
    box.refresh_from_db()
    image.refresh_from_db()
    assert box.x2 == image.width and image.revision == 2 and box.source == "person"
    assert "cut to the photo" in image.revisions.first().summary
    assert verify()["ok"]


def test_a_box_that_nothing_would_be_left_of_is_for_a_person():
    image = labelled_image()
    Box.objects.filter(pk=image.boxes.first().pk).update(x1=image.width + 5, x2=image.width + 50)
    report = verify(["labels"], mend=True)
    assert report["left"] == 1 and image.boxes.count() == 2 and image.revisions.count() == 1


def test_a_class_of_another_dataset():
    image, other = labelled_image(), make_dataset()
    Box.objects.filter(pk=image.boxes.first().pk).update(label_class=other.classes.first())
    assert "box_of_foreign_class" in counts(only=["labels"])


def test_wrong_counts_are_counted_again():
    image = labelled_image()
    Image.objects.filter(pk=image.pk).update(box_count=9)
    assert counts(only=["labels"]) == {"box_counts_wrong": 1}
    assert verify(["labels"], mend=True)["ok"] and verify(["labels"])["ok"]
    image.refresh_from_db()
    assert image.box_count == 2


def test_history_that_does_not_fit():
    lost, other = labelled_image(), labelled_image()
    Revision.objects.filter(image=lost).delete()
    make_box(other)
    found = counts(only=["labels"])
    assert found == {"revisions_missing": 1, "boxes_differ_from_history": 1, "box_counts_wrong": 1}


def test_versions_against_their_hash():
    damaged, miscounted, poor = make_version(), make_version(), make_version()
    Path(default_storage.path(damaged.manifest_file)).write_bytes(b"not a gzip")
    DatasetVersion.objects.filter(pk=miscounted.pk).update(counts={})
    default_storage.delete(poor.dataset.images.first().file)
    found = {"version_damaged": 1, "version_counts_wrong": 1, "version_photos_missing": 1}
    assert counts(only=["versions"]) == found
    assert verify(["versions"], mend=True)["mended"] == 1
    miscounted.refresh_from_db()
    assert miscounted.counts == make_version().counts


def test_models_against_their_files():
    model, bare = make_model(), make_model()
    graph = model.detector_folder / "model.onnx"
    graph.write_bytes(b"x")
    assert counts(only=["models"]) == {"model_file_damaged": 1, "run_without_job": 2}, bare
    model.detector_sha256 = ""
    model.save()
    (bare.detector_folder / "model.onnx").write_bytes(b"y")
    assert counts(only=["models"], deep=True) == {"model_file_damaged": 1, "run_without_job": 2}
    graph.write_bytes(b"longer")
    assert counts(only=["models"])["model_file_damaged"] == 1


def test_runs_without_folder_and_folders_without_run(settings):
    job = create_job(do_nothing, kind="training", title="Train", payload={}, state=JobState.SUCCEEDED)
    make_run(job=job)
    Path(settings.RUNS_ROOT, "4711").mkdir(parents=True)
    report = verify(["models"])
    assert report["counts"] == {"run_folder_missing": 1, "run_folder_without_row": 1}
    assert report["left"] == 1 and report["untidy"] == 1


def test_a_lost_job_is_given_back():
    job = create_job(do_nothing, kind="test", title="Lost", payload={}, state=JobState.RUNNING, attempt=1)
    Job.objects.filter(pk=job.pk).update(heartbeat=timezone.now() - timedelta(hours=1), worker="there:1")
    assert counts(only=["jobs"]) == {"job_lost": 1}
    assert verify(["jobs"], mend=True)["ok"]
    job.refresh_from_db()
    assert job.state == JobState.QUEUED and job.pk in queue_order("default")


def test_a_job_that_no_worker_was_told_of_is_delivered():
    job = create_job(do_nothing, kind="test", title="Forgotten", payload={})
    told = submit(do_nothing, kind="test", title="Told", payload={})
    assert counts(only=["jobs"]) == {}, "a moment ago it might still be on its way"
    Job.objects.update(created_at=timezone.now() - timedelta(hours=1))
    assert counts(only=["jobs"]) == {"job_not_delivered": 1}
    assert verify(["jobs"], mend=True)["ok"]
    assert sorted(queue_order("default")) == [job.pk, told.pk]


def test_files_that_nobody_names(settings, tmp_path):
    settings.DATA_DIR = tmp_path / "data"
    image = labelled_image()
    names = ["images/ab/stranger.jpg", "images/ab/half.jpg.1-2.part", thumbnail_name("ab" * 32, "small")]
    kept = [thumbnail_name(image.sha256, "small"), f"pieces/{image.sha256[:2]}/{image.sha256}/screen.jpg"]
    for name in (*names, *kept):
        default_storage.save(name, ContentFile(b"bytes"))
    assert counts(only=["strays"]) == {}, "what is young may still get its row"
    for name in (*names, *kept):
        age(name)
    found = {"file_without_row": 1, "half_written_file": 1, "picture_of_no_image": 1}
    report = verify(["strays"], mend=True)
    assert report["counts"] == found and report["mended"] == 3
    assert [default_storage.exists(name) for name in (*names, *kept, image.file)] == [False] * 3 + [True] * 3
    assert (settings.DATA_DIR / "lost-and-found" / names[0]).read_bytes() == b"bytes"


def test_pictures_of_a_version_are_not_strays_when_their_image_is_gone():
    version = make_version()
    names = list(version.dataset.images.values_list("file", flat=True))
    version.dataset.images.all().delete()
    for name in names:
        age(name)
    assert counts(only=["strays"]) == {}


def test_a_row_without_its_parent():
    image = labelled_image()
    with connection.constraint_checks_disabled(), connection.cursor() as cursor:
        cursor.execute("UPDATE datasets_image SET dataset_id = 4711 WHERE id = %s", [image.pk])
        assert counts(only=["database"]) == {"row_without_parent": 1}
        cursor.execute("UPDATE datasets_image SET dataset_id = %s WHERE id = %s", [image.dataset_id, image.pk])


def test_the_command_says_it_in_words_json_and_exit_status():
    image = labelled_image()
    out = io.StringIO()
    call_command("verify", "--json", stdout=out)
    assert json.loads(out.getvalue().splitlines()[-1])["ok"] is True
    default_storage.delete(image.file)
    out = io.StringIO()
    with pytest.raises(CommandError, match="1 found and not mended") as error:
        call_command("verify", stdout=out)
    assert error.value.returncode == 1 and "WRONG" in out.getvalue() and image.file in out.getvalue()
    with pytest.raises(CommandError, match="Choose from: database"):
        call_command("verify", "--only", "everything", stdout=out)


def test_the_page_starts_a_check_and_shows_what_it_found(staff):
    image = labelled_image()
    Image.objects.filter(pk=image.pk).update(box_count=9)
    assert "Is everything whole?" in staff.get(reverse("upkeep")).content.decode()
    assert staff.post(reverse("upkeep"), {"action": "check"}).status_code == 302
    assert staff.post(reverse("upkeep"), {"action": "check"}).status_code == 302
    assert Job.objects.filter(kind="verification").count() == 1, "it is on its way already"
    run_here(Job.objects.latest("pk"))
    page = staff.get(reverse("upkeep")).content.decode()
    assert "box_counts_wrong" in page and "Mend what is safe" in page
    staff.post(reverse("upkeep"), {"action": "mend"})
    run_here(Job.objects.latest("pk"))
    assert "1 found, 1 mended" in staff.get(reverse("upkeep")).content.decode()


def test_the_api_does_the_same(staff):
    labelled_image()
    answer = staff.post("/api/v1/upkeep/verifications", {"deep": True}, content_type="application/json")
    assert answer.status_code == 202 and answer.json()["report"] is None
    run_here(Job.objects.latest("pk"))
    done = staff.get(f"/api/v1/upkeep/verifications/{answer.json()['job']}").json()
    assert done["state"] == "succeeded" and done["report"]["ok"] and done["report"]["deep"]


def test_others_may_not(client, visitor):
    assert client.get(reverse("upkeep")).status_code == 403
    assert client.post("/api/v1/upkeep/verifications", {}, content_type="application/json").status_code == 403
    assert visitor.get(reverse("upkeep")).status_code == 302
    assert visitor.get("/api/v1/upkeep/verifications/1").status_code == 401
    assert not Job.objects.exists()
