from __future__ import annotations

from pathlib import Path

import pytest
from django.core.files.storage import default_storage

from detections import batches
from detections.actions import start_filter_batch, start_folder_batch, start_upload_batch, start_version_batch
from detections.models import Detection, DetectionBatch
from sw_site.jobs.errors import JobCancelled
from sw_site.jobs.models import JobState
from sw_site.jobs.queue import retry
from sw_site.lib.errors import UserError
from tests.detections.builders import FOUND, bad_files, finish, make_detector, turned_picture, upload
from tests.factories import make_dataset, make_image, make_user, make_version, picture_bytes

pytestmark = pytest.mark.django_db


def stored_files(batch: DetectionBatch) -> list[str]:
    folder = Path(default_storage.path(f"detections/{batch.pk}"))
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_version_batch(alice):
    version = make_version()
    batch = start_version_batch(make_detector(version), version, "train", alice)
    job = finish(batch.job)
    assert (job.state, job.queue, job.result["boxes"]) == (JobState.SUCCEEDED, "gpu", job.result["images"])
    frozen = version.manifest().split("train")
    rows = list(batch.images.values_list("image_id", "file", "file_name"))
    assert rows == [(image.id, image.file, image.file_name) for image in frozen]
    detection = Detection.objects.filter(image__batch=batch).first()
    assert (detection.class_id, detection.score) == (1, pytest.approx(0.9))
    assert (detection.x1, detection.x2) == pytest.approx((22, 122), abs=1e-3)


def test_upload_batch_keeps_files_and_lists_what_is_no_image(alice):
    files = [upload("a.jpg"), upload("../../notes.txt", b"hello"), upload("turned.jpeg", turned_picture())]
    batch = start_upload_batch(make_detector(), files, alice)
    assert stored_files(batch) == ["000001.jpg", "000002", "000003.jpeg"]
    assert finish(batch.job).state == JobState.SUCCEEDED
    batch.refresh_from_db()
    assert [(image.file_name, image.width, image.height) for image in batch.images.all()] == [
        ("a.jpg", 400, 300),
        ("turned.jpeg", 300, 400),
    ]
    assert [(row["file"], row["code"]) for row in batch.problems] == [("notes.txt", "not_an_image")]
    assert all(default_storage.exists(image.file) for image in batch.images.all())


def test_boxes_below_the_least_score_are_not_kept(alice):
    answers = [FOUND, (1, 0.3, 0, 0, 1, 1), (2, 0.04, 0, 0, 1, 1)]
    batch = start_upload_batch(make_detector(answers=answers), [upload()], alice)
    finish(batch.job)
    scores = Detection.objects.filter(image__batch=batch).values_list("score", flat=True)
    assert list(scores) == pytest.approx([0.9, 0.3])


def test_image_without_detections_is_shown_all_the_same(alice):
    batch = start_upload_batch(make_detector(answers=()), [upload()], alice)
    assert finish(batch.job).state == JobState.SUCCEEDED
    assert (batch.images.count(), Detection.objects.count()) == (1, 0)


def test_folder_batch(tmp_path):
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "good.jpg").write_bytes(picture_bytes())
    expected = bad_files(tmp_path)
    batch = start_folder_batch(make_detector(), str(tmp_path), make_user(is_staff=True))
    assert finish(batch.job).state == JobState.SUCCEEDED
    batch.refresh_from_db()
    assert [image.file_name for image in batch.images.all()] == ["inner/good.jpg"]
    assert {row["file"]: row["code"] for row in batch.problems} == expected


def test_folder_is_for_staff(alice, tmp_path):
    with pytest.raises(UserError, match="Only staff") as error:
        start_folder_batch(make_detector(), str(tmp_path), alice)
    assert error.value.status == 403


@pytest.mark.parametrize(
    ("folder", "code"), [("/no/such/folder", "folder_not_found"), ("relative", "folder_not_found")]
)
def test_folder_that_is_not_there(folder, code):
    with pytest.raises(UserError) as error:
        start_folder_batch(make_detector(), folder, make_user(is_staff=True))
    assert error.value.code == code
    assert DetectionBatch.objects.count() == 0


def test_empty_folder(tmp_path):
    with pytest.raises(UserError, match="There are no images in"):
        start_folder_batch(make_detector(), str(tmp_path), make_user(is_staff=True))
    assert DetectionBatch.objects.count() == 0


def test_empty_split(alice):
    version = make_version(images=2)
    with pytest.raises(UserError, match="no images in .* test"):
        start_version_batch(make_detector(version), version, "test", alice)


def test_no_upload(alice):
    with pytest.raises(UserError, match="Choose at least one"):
        start_upload_batch(make_detector(), [], alice)


def test_upload_that_is_too_large(alice, monkeypatch):
    monkeypatch.setattr("detections.actions.MAX_UPLOAD_BYTES", 100)
    with pytest.raises(UserError, match="larger than"):
        start_upload_batch(make_detector(), [upload()], alice)
    assert DetectionBatch.objects.count() == 0


def test_full_disk_leaves_no_batch_and_no_files(alice, monkeypatch):
    model = make_detector()
    save = default_storage.save
    written: list[str] = []

    def fill_up(name, content, **kwargs):
        if written:
            raise OSError(28, "No space left on device")
        written.append(save(name, content, **kwargs))
        return written[-1]

    monkeypatch.setattr(default_storage, "save", fill_up)
    with pytest.raises(OSError, match="No space"):
        start_upload_batch(model, [upload(), upload()], alice)
    assert DetectionBatch.objects.count() == 0
    assert not default_storage.exists(written[0])


def test_stopped_half_way_it_keeps_what_it_has_and_goes_on(alice, monkeypatch):
    monkeypatch.setattr(batches, "CHUNK", 2)
    batch = start_upload_batch(make_detector(), [upload() for _ in range(5)], alice)
    calls = []

    def cancel_at_the_fourth(context):
        calls.append(context)
        if len(calls) == 4:
            raise JobCancelled

    monkeypatch.setattr("detections.jobs.JobContext.check", cancel_at_the_fourth)
    job = finish(batch.job)
    assert (job.state, batch.images.count()) == (JobState.CANCELLED, 2)
    previews = [name for name in stored_files(batch) if "previews" in name]
    assert previews == ["previews/000001.jpg", "previews/000002.jpg"]
    assert retry(job) and finish(job).result == {"images": 5, "boxes": 5, "problems": 0}
    assert len(calls) == 4 + 3
    assert len({image.original for image in batch.images.all()}) == 5


def test_photos_of_a_filter(alice):
    dataset = make_dataset()
    wanted, gone = make_image(dataset, state="unlabelled"), make_image(dataset, state="unlabelled")
    make_image(dataset)
    batch = start_filter_batch(make_detector(), dataset, "?state=unlabelled", alice)
    gone.delete()
    assert finish(batch.job).state == JobState.SUCCEEDED
    batch.refresh_from_db()
    assert [(image.image_id, image.file) for image in batch.images.all()] == [(wanted.pk, wanted.file)]
    assert [row["code"] for row in batch.problems] == ["image_gone"]


def test_filter_without_photos(alice):
    with pytest.raises(UserError, match="There are no images in this filter of"):
        start_filter_batch(make_detector(), make_dataset(), "?state=approved", alice)


def test_a_second_attempt_replaces_the_first(alice):
    batch = start_upload_batch(make_detector(), [upload()], alice)
    finish(batch.job)
    type(batch.job).objects.update(state=JobState.QUEUED)
    finish(batch.job)
    assert batch.images.count() == 1
    assert stored_files(batch) == ["000001.jpg", "previews/000001.jpg"]
