"""Images from lists of addresses: what becomes an image, and the reason of everything that does not."""

from __future__ import annotations

import io
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse

from datasets.models import Dataset
from datasets.sources import urls
from datasets.sources.jobs import run_url_import, url_job
from datasets.sources.urls import ListLimits, fetch_list, file_name, parse_list
from sw_site.jobs.errors import JobCancelled
from sw_site.jobs.models import Job, JobState
from sw_site.jobs.queue import run_here
from sw_site.lib.errors import UserError
from tests.factories import make_dataset, picture_bytes

pytestmark = pytest.mark.django_db


def fetch(dataset, *lines):
    return run_here(url_job(dataset, "\n".join(lines), None))


def codes(job):
    return [problem["code"] for problem in job.result["problems"]]


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://example.org/walks/a.jpg?size=2", "example.org/walks/a.jpg"),
        ("https://example.org/photo?id=1", "example.org/photo.jpg"),
        ("https://example.org/", "example.org/image.jpg"),
        ("https://example.org/%2e%2e/%2Fetc/a%2Fb.PNG", "example.org/_etc/a_b.png"),
        ("https://example.org/../../x.php", "example.org/x.jpg"),
    ],
)
def test_names_come_from_addresses_and_lead_nowhere_else(url, name):
    assert str(file_name(url, ".jpg")) == name


def test_lists_may_hold_remarks_and_have_an_end(monkeypatch):
    lines = parse_list("# my photos\n\n http://a/1.jpg \r\nhttp://a/2.jpg")
    assert [(line.number, line.url) for line in lines] == [(3, "http://a/1.jpg"), (4, "http://a/2.jpg")]
    monkeypatch.setattr(urls, "MAX_LINES", 1)
    for text, code in (("# nothing\n", "no_addresses"), ("http://a/1\nhttp://a/2", "too_many_addresses")):
        with pytest.raises(UserError) as error:
            parse_list(text)
        assert error.value.code == code


def test_a_list_becomes_images_and_every_other_line_has_its_reason(web, on):
    photo, other = picture_bytes(), picture_bytes(kind="PNG")
    web.pages |= {"/a.jpg": photo, "/b?id=1": other, "/page": b"<!DOCTYPE html><p>hello", "/text": b"hello"}
    web.pages["/half.jpg"] = photo[: len(photo) // 2]
    job = fetch(
        dataset := make_dataset(),
        web.url("/a.jpg"), web.url("/b?id=1"), web.url("/page"), web.url("/text"), web.url("/a.jpg"), "no address",
        web.url("/a.jpg", "inside.example"), web.url("/half.jpg"), web.url("/missing.jpg"),
    )  # fmt: skip
    assert job.state == JobState.SUCCEEDED and job.result["images_added"] == 2
    assert sorted(codes(job)) == sorted(
        ["url_not_an_image"] * 2 + ["url_repeated", "url_not_http", "url_private", "image_truncated", "url_answer"]
    )
    said = {problem["file"].partition(":")[0]: problem["message"] for problem in job.result["problems"]}
    assert "a web page" in said["line 3"] and "line 1 once more" in said["line 5"] and "404" in said["line 9"]
    assert set(dataset.images.values_list("folder", "file_name")) == {
        ("photos.example", "a.jpg"),
        ("photos.example", "b.png"),
    }
    origins = {image.file_name: image.origins.get() for image in dataset.images.all()}
    assert (origins["a.jpg"].kind, str(origins["b.png"])) == ("url", web.url("/b?id=1"))


def test_the_same_list_again_adds_nothing(web, on):
    dataset = make_dataset()
    web.pages |= {"/a.jpg": picture_bytes(), "/x/a.jpg": picture_bytes()}
    lines = [web.url("/a.jpg"), web.url("/x/a.jpg")]
    assert fetch(dataset, *lines).result["images_added"] == 2
    again = fetch(dataset, *lines).result
    assert (again["images_added"], again["images_known"], again["problems"]) == (0, 2, [])
    assert [image.origins.count() for image in dataset.images.all()] == [1, 1]


def test_two_addresses_of_one_image_are_both_remembered(web, on):
    web.pages["/a.jpg"] = web.pages["/b.jpg"] = picture_bytes()
    job = fetch(dataset := make_dataset(), web.url("/a.jpg"), web.url("/b.jpg"))
    assert codes(job) == ["duplicate_image"] and dataset.images.get().origins.count() == 2


def test_a_list_without_an_image_is_a_report_all_the_same(web, on):
    job = fetch(make_dataset(), web.url("/missing.jpg"))
    assert (job.state, job.result["images_added"], codes(job)) == (JobState.SUCCEEDED, 0, ["url_answer"])
    assert "1 remarks" in job.message


def test_a_list_ends_at_its_limits(web, tmp_path):
    web.pages |= {f"/{n}.jpg": picture_bytes() for n in range(9)}
    lines = parse_list("\n".join(web.url(f"/{n}.jpg") for n in range(9)))
    for number, limits in enumerate((ListLimits(bytes=1), ListLimits(seconds=0))):
        (tmp_path / str(number)).mkdir()
        found = fetch_list(lines, tmp_path / str(number), lambda *_: None, limits)
        assert {problem.code for problem in found.problems} == {"url_over_limit"}
        assert len(found.problems) + len(found.origins) == 9


def test_a_full_disk_is_said(web, on, monkeypatch):
    monkeypatch.setattr(urls, "RESERVE_BYTES", 10**18)
    job = fetch(make_dataset(), web.url("/a.jpg"))
    assert job.state == JobState.FAILED and "disk is full" in job.error


def test_cancelling_leaves_nothing_behind(web, on, settings, cancelled):
    dataset = make_dataset()
    with pytest.raises(JobCancelled):
        run_url_import(cancelled, dataset.pk, web.url("/a.jpg"))
    assert not dataset.images.exists() and not list(settings.UPLOADS_ROOT.iterdir())


def test_it_is_off_until_somebody_switches_it_on(client, settings):
    dataset = make_dataset()
    page = reverse("datasets:url-import", args=[dataset.slug])
    assert "SW_URL_IMPORT=true" in client.get(page).content.decode()
    client.post(page, {"urls": "http://example.org/a.jpg"})
    body = json.dumps({"urls": ["http://example.org/a.jpg"]})
    answer = client.post(f"/api/v1/datasets/{dataset.slug}/imports/urls", body, content_type="application/json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "url_import_off")
    with pytest.raises(CommandError, match="switched off"):
        call_command("import_urls", "list.txt", "--dataset", "X")
    assert not Job.objects.exists() and not Dataset.objects.filter(name="X").exists()


def test_switching_it_off_stops_what_is_waiting(on, settings):
    job = url_job(make_dataset(), "http://example.org/a.jpg", None)
    settings.URL_IMPORT = False
    assert "switched off" in run_here(job).error


def test_the_page_takes_addresses_and_a_list(client, web, on):
    dataset = make_dataset()
    web.pages |= {"/a.jpg": picture_bytes(), "/b.jpg": picture_bytes()}
    page = reverse("datasets:url-import", args=[dataset.slug])
    assert "What is fetched" in client.get(page).content.decode()
    file = SimpleUploadedFile("list.txt", web.url("/b.jpg").encode())
    done = client.post(page, {"urls": web.url("/a.jpg"), "list": file})
    job = Job.objects.get(kind="import")
    assert done.url == job.get_absolute_url() and run_here(job).result["images_added"] == 2


def test_the_page_says_what_is_wrong_with_a_list(client, on):
    page = reverse("datasets:url-import", args=[make_dataset().slug])
    assert "no address in the list" in client.post(page, {"urls": ""}).content.decode()
    file = SimpleUploadedFile("list.txt", b"\xff\xfe\x00")
    assert "not a text in UTF-8" in client.post(page, {"list": file}).content.decode()
    assert not Job.objects.exists()


def test_the_api_takes_addresses(client, web, on):
    dataset = make_dataset()
    web.pages["/a.jpg"] = picture_bytes()
    body = json.dumps({"urls": [web.url("/a.jpg"), "x"]})
    answer = client.post(f"/api/v1/datasets/{dataset.slug}/imports/urls", body, content_type="application/json")
    assert answer.status_code == 202
    run_here(Job.objects.get(pk=answer.json()["job"]))
    found = client.get(f"/api/v1/datasets/{dataset.slug}/transfers/{answer.json()['job']}").json()
    assert (found["result"]["images_added"], found["result"]["problems"][0]["file"]) == (1, "line 2: x")


def test_the_command_takes_a_list(web, on, tmp_path, capsys, monkeypatch):
    web.pages["/a.jpg"] = picture_bytes()
    (tmp_path / "list.txt").write_text(web.url("/a.jpg"))
    call_command("import_urls", str(tmp_path / "list.txt"), "--dataset", "Web", "--json")
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["images_added"] == 1
    monkeypatch.setattr("sys.stdin", io.StringIO(web.url("/missing")))
    call_command("import_urls", "-", "--dataset", "Web")
    assert "[url_answer]" in capsys.readouterr().out
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("import_urls", str(tmp_path / "nope.txt"), "--dataset", "Web")
