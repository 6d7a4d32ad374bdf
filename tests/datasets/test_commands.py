"""The command line of datasets: same results as the pages, one JSON line for programs, sentences for people."""

import json
import zipfile

import pytest
from django.core.management import CommandError, call_command

from datasets.models import Dataset, Image
from datasets.thumbnails import thumbnail_all
from sw_site.jobs.models import Job
from sw_site.jobs.queue import create_job, run_here
from tests.factories import make_box, make_dataset, make_image, picture_bytes
from tests.sample_data import sample_data
from tests.voc import voc_xml

pytestmark = pytest.mark.django_db
MAPPING = ["bb8=BB-8", "r2d2=R2-D2", "r2-d2=R2-D2"]


def last_line(capsys) -> dict:
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def test_import_prints_its_documented_keys(tmp_path, capsys):
    (tmp_path / "a.jpg").write_bytes(picture_bytes())
    (tmp_path / "a.xml").write_bytes(voc_xml())
    (tmp_path / "b.jpg").write_bytes(b"broken")
    call_command("import_dataset", str(tmp_path), "--dataset", "New", "--map", *MAPPING, "--json")
    result = last_line(capsys)
    assert (result["images_added"], result["images_skipped"], result["boxes_added"]) == (1, 1, 1)
    assert result["classes"] == ["BB-8"] and set(result["problems"][0]) == {"file", "code", "message"}


def test_import_says_what_is_wrong(tmp_path, capsys):
    for arguments, sentence in (
        ([str(tmp_path / "nope"), "--dataset", "X"], "nothing at"),
        ([str(tmp_path), "--dataset", "X", "--map", "bb8"], "OLD=NEW"),
        ([str(tmp_path), "--dataset", "X", "--label-map", str(tmp_path / "m")], "cannot be read"),
        ([str(tmp_path), "--dataset", "X"], "no image"),
    ):
        with pytest.raises(CommandError, match=sentence):
            call_command("import_dataset", *arguments)


def test_create_version_prints_its_documented_keys(capsys):
    dataset = make_dataset(name="Droids")
    for _ in range(10):
        make_box(make_image(dataset))
    call_command("create_version", "Droids", "--split", "0.6,0.2,0.2", "--seed", "5", "--json")
    result = last_line(capsys)
    assert (result["version"], result["images"], result["splits"]["train"]["images"]) == (1, 10, 6)
    call_command("create_version", "droids")
    assert "version 2: 10 images" in capsys.readouterr().out


def test_create_version_knows_no_such_dataset():
    with pytest.raises(CommandError, match="no dataset called “Nope”"):
        call_command("create_version", "Nope")


def test_the_demo_dataset_goes_in_with_exact_classes(capsys):
    call_command("make_demo_dataset", "--count", "12", "--json")
    result, dataset = last_line(capsys), Dataset.objects.get()
    assert result["images_added"] == 12 and result["classes"] == ["Roller", "Canister"] and result["problems"] == []
    assert dataset.images.unlabelled().count() == 0


def test_the_demo_dataset_can_be_written_as_a_zip(tmp_path):
    call_command("make_demo_dataset", "--count", "3", "--output", str(tmp_path / "demo.zip"))
    assert len(zipfile.ZipFile(tmp_path / "demo.zip").namelist()) == 7


def test_thumbnails_are_made_in_two_sizes_and_find_damaged_pictures(settings):
    dataset = make_dataset()
    good = make_image(dataset, width=1000, height=500)
    whole = picture_bytes(1000, 500)
    bad = make_image(dataset, data=whole[: len(whole) // 2])
    job = create_job(thumbnail_all, kind="thumbnails", title="t", payload={"dataset_id": dataset.pk})
    assert run_here(job).result == {"made": 1, "damaged": 1}
    good.refresh_from_db()
    bad.refresh_from_db()
    assert good.has_thumbnails and good.defect == "" and "damaged" in bad.defect
    assert sorted(p.name for p in settings.MEDIA_ROOT.rglob("*.webp")) == [
        f"{good.sha256}-{s}.webp" for s in ("large", "small")
    ]


class TestTheTutorialsOwnPhotographs:
    """203 photos and 203 labelImg files, with one photo in it twice under two names and two labels."""

    def run(self, capsys):
        folder = sample_data("star_wars")
        label_map = str(folder / "sw_label_map.pbtxt")
        call_command(
            "import_dataset", str(folder), "--dataset", "SW", "--label-map", label_map, "--map", *MAPPING, "--json"
        )
        return last_line(capsys)

    def test_all_go_in_and_again_adds_nothing(self, capsys):
        result = self.run(capsys)
        dataset = Dataset.objects.get()
        assert result["boxes_added"] == 203 and result["classes"] == ["BB-8", "R2-D2"]
        duplicates = [p for p in result["problems"] if p["code"] == "duplicate_labels_differ"]
        assert len(duplicates) == 1 and "1 from this one" in duplicates[0]["message"]
        photos = dataset.images.filter(folder="images")
        assert photos.count() == 202 and photos.unlabelled().count() == 0
        doubled = next(image for image in photos if image.boxes.count() == 2)
        assert {box.label for box in doubled.boxes.all()} == {"BB-8", "R2-D2"}
        assert dataset.images.filter(folder="test_images").unlabelled().count() == 6
        again = self.run(capsys)
        assert (again["images_added"], again["boxes_added"], Image.objects.count()) == (0, 0, result["images_added"])

    def test_a_version_of_them_is_balanced(self, capsys):
        self.run(capsys)
        call_command("create_version", "SW", "--json")
        splits = last_line(capsys)["splits"]
        assert [splits[s]["classes"] for s in ("val", "test")] == [{"BB-8": 15, "R2-D2": 15}] * 2
        assert Job.objects.filter(kind="import", state="succeeded").count() == 1


@pytest.mark.parametrize(("name", "images", "classes"), [("raccoon", 196, 1), ("bccd", 364, 3)])
def test_other_labelimg_sets_go_in(capsys, name, images, classes):
    folder = sample_data(name)
    call_command("import_dataset", str(folder), "--dataset", name, "--json")
    result = last_line(capsys)
    assert (result["images_added"], len(result["classes"])) == (images, classes)
    assert not [p for p in result["problems"] if p["code"] in ("annotation_without_image", "ambiguous_match")]


def test_a_mistyped_filter_changes_nothing():
    image = make_image(make_dataset(name="Droids"))
    with pytest.raises(CommandError, match="no “sate=unlabelled”"):
        call_command("edit_images", "Droids", "delete", "--filter", "sate=unlabelled", "--yes")
    assert Image.objects.filter(pk=image.pk).exists()
