"""Previews write nothing, and say what an import then does; labels that are there are merged, replaced or kept."""

import json
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command

from datasets.importing.importer import ImportOptions, import_source
from datasets.importing.naming import propose
from datasets.importing.preview import preview
from datasets.importing.source import open_source
from datasets.models import Box, Dataset, Image, KeptFile
from sw_site.jobs.models import Job
from sw_site.jobs.queue import run_here
from tests.factories import make_dataset, make_user, picture_bytes
from tests.voc import voc_xml

pytestmark = pytest.mark.django_db


def set_in(folder: Path, boxes=(("bb8", 10, 20, 110, 80),), name="a") -> Path:
    folder.mkdir(exist_ok=True)
    if not (folder / f"{name}.jpg").exists():
        (folder / f"{name}.jpg").write_bytes(picture_bytes())
    (folder / f"{name}.xml").write_bytes(voc_xml(f"{name}.jpg", boxes=list(boxes)))
    return folder


def run(folder: Path, dataset: Dataset, **options):
    return import_source(dataset, open_source(folder), ImportOptions({}, **options))


@pytest.mark.parametrize(
    ("counts", "classes", "targets"),
    [
        ({"bb8": 5}, ["BB-8"], {"bb8": "BB-8"}),
        ({"r2d2": 9, "r2-d2": 1}, [], {"r2d2": "r2d2", "r2-d2": "r2d2"}),
        ({"cat ": 1, "Cat": 3}, [], {"Cat": "Cat", "cat ": "Cat"}),
        ({"cat": 1, "dog": 2}, [], {"dog": "dog", "cat": "cat"}),
        ({"old": 1}, ["new"], {"old": "new"}),
        ({"猫": 1, "犬": 2}, [], {"犬": "犬", "猫": "猫"}),
    ],
)
def test_names_that_differ_in_spelling_are_proposed_as_one(counts, classes, targets):
    found = propose(counts, classes, {"old": "new"}, {})
    assert {row.name: row.target for row in found} == targets


def test_a_name_one_letter_away_is_pointed_at_but_not_mapped():
    (row,) = propose({"racoon": 3}, ["raccoon"], {}, {})
    assert (row.target, row.sure) == ("racoon", False) and "raccoon" in row.why


def test_a_preview_counts_and_writes_nothing(tmp_path):
    dataset = make_dataset()
    set_in(tmp_path / "in", [("bb8", 10, 20, 110, 80), ("bb8", 1, 1, 1, 9)])
    (tmp_path / "in" / "broken.jpg").write_bytes(b"no")
    found = preview(dataset, tmp_path / "in", ImportOptions({}))
    assert (found.format, found.images_new, found.boxes) == ("voc", 1, 1)
    assert [row["target"] for row in found.class_names] == ["BB-8"]
    assert [p.code for p in found.problems] == ["box_zero_size", "image_does_not_decode"]
    assert not Image.objects.exists() and not KeptFile.objects.exists()
    run(tmp_path / "in", dataset)
    again = preview(dataset, tmp_path / "in", ImportOptions({}))
    assert (again.images_new, again.images_known, again.images_labelled) == (0, 1, 1)


def test_the_command_previews_with_a_dry_run(tmp_path, capsys):
    call_command("import_dataset", str(set_in(tmp_path / "in")), "--dataset", "New", "--dry-run", "--json")
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert result["class_names"][0]["name"] == "bb8" and not Dataset.objects.exists()
    call_command("import_dataset", str(tmp_path / "in"), "--dataset", "New", "--dry-run")
    assert "Nothing was written" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("existing", "edges", "report"),
    [("merge", [10, 50], (1, 0, 0)), ("replace", [50], (1, 1, 0)), ("keep", [10], (0, 0, 1))],
)
def test_labels_that_are_there_are_merged_replaced_or_kept(tmp_path, existing, edges, report):
    dataset = make_dataset(classes=())
    run(set_in(tmp_path / "in"), dataset)
    got = run(set_in(tmp_path / "in", [("bb8", 50, 20, 110, 80)]), dataset, existing=existing)
    assert sorted(Box.objects.values_list("x1", flat=True)) == edges
    assert (got.boxes_added, got.boxes_replaced, got.images_kept) == report
    assert dataset.images.get().box_count == len(edges)


def test_replacing_with_the_same_labels_changes_nothing(tmp_path):
    dataset = make_dataset(classes=())
    run(set_in(tmp_path / "in"), dataset)
    got = run(tmp_path / "in", dataset, existing="replace")
    assert (got.boxes_added, got.boxes_replaced, got.boxes_known, dataset.images.get().revision) == (0, 0, 1, 1)


def test_on_the_page_names_are_changed_before_anything_is_written(tmp_path, client):
    dataset = make_dataset()
    client.force_login(make_user())
    set_in(tmp_path / "in", [("bb8", 10, 20, 110, 80), ("ewok", 50, 50, 90, 90)])
    files = [SimpleUploadedFile(p.name, p.read_bytes()) for p in (tmp_path / "in").iterdir()]
    client.post(f"/datasets/sets/{dataset.slug}/import/", {"files": files, "preview": "1"})
    job = Job.objects.get(kind="preview")
    job = run_here(job) if job.is_active else job
    url = f"/datasets/sets/{dataset.slug}/import/{job.pk}/"
    page = client.get(url).content.decode()
    assert "Nothing has been written" in page and 'value="BB-8"' in page and not Image.objects.exists()
    names = [row["name"] for row in job.result["class_names"]]
    client.post(url, {f"class_{names.index('ewok')}": "R2-D2", f"class_{names.index('bb8')}": "BB-8"})
    work = Job.objects.get(kind="import")
    work = run_here(work) if work.is_active else work
    assert work.state == "succeeded" and {box.label for box in Box.objects.all()} == {"BB-8", "R2-D2"}
    assert "Files to look at" not in client.get(work.get_absolute_url()).content.decode()
    assert "imported or thrown away" in client.get(url).content.decode()


def test_a_preview_can_be_thrown_away(tmp_path, client):
    dataset = make_dataset()
    client.force_login(make_user())
    file = SimpleUploadedFile("a.jpg", picture_bytes())
    answer = client.post(
        f"/api/v1/datasets/{dataset.slug}/imports", {"files": [file], "preview": "true", "existing": "keep"}
    )
    assert answer.status_code == 202, answer.content
    job = Job.objects.get(pk=answer.json()["job"])
    job = run_here(job) if job.is_active else job
    assert client.get(f"/api/v1/datasets/{dataset.slug}/transfers/{job.pk}").json()["result"]["images_new"] == 1
    client.post(f"/datasets/sets/{dataset.slug}/import/{job.pk}/", {"discard": "1"})
    assert not Path(job.payload["path"]).exists() and not Image.objects.exists()
