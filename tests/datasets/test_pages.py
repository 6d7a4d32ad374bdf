"""Pages of datasets: what a person sees, what a visitor does not, and bad input without a server error."""

import io
import json
import uuid
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from datasets.models import Dataset, Image
from datasets.saving import BoxValues, save_boxes
from datasets.traits import refresh_traits
from sw_site.jobs.models import Job
from sw_site.jobs.queue import run_here
from tests.factories import make_box, make_dataset, make_image, make_version, picture_bytes
from tests.voc import voc_xml

pytestmark = pytest.mark.django_db


def test_pages_ask_a_visitor_to_sign_in(visitor):
    image = make_box().image
    for url in (reverse("datasets:dataset-list"), image.get_absolute_url(), image.original_url, image.thumb_url):
        response = visitor.get(url)
        assert response.status_code == 302 and response["Location"].startswith(reverse("login"))


def test_an_empty_site_offers_the_first_step(client):
    assert b"Make a dataset" in client.get(reverse("datasets:dataset-list")).content


def test_making_a_dataset_leads_to_adding_images(client, alice):
    response = client.post(reverse("datasets:dataset-create"), {"name": "Droids & Co", "description": ""})
    dataset = Dataset.objects.get()
    assert response["Location"] == reverse("datasets:upload", args=["droids-co"]) and dataset.created_by == alice


def test_a_name_cannot_be_taken_twice(client):
    make_dataset(name="Droids")
    response = client.post(reverse("datasets:dataset-create"), {"name": "Droids"})
    assert response.status_code == 200 and b"already exists" in response.content


def test_names_that_share_a_slug_get_their_own():
    assert [make_dataset(name=name).slug for name in ("A b", "a B!", "???")] == ["a-b", "a-b-2", "dataset"]


def test_the_grid_shows_photos_with_boxes_and_filters(client):
    dataset = make_dataset()
    bb8, r2d2 = dataset.classes.all()
    make_box(make_image(dataset, file_name="one.jpg"), bb8)
    make_box(make_image(dataset, file_name="two.jpg"), r2d2)
    make_image(dataset, file_name="three.jpg", state="unlabelled")
    refresh_traits(dataset.images.values_list("pk", flat=True))

    def shown(query):
        page = client.get(dataset.get_absolute_url() + query).context["page_obj"]
        return [image.file_name for image in page]

    assert shown("") == ["one.jpg", "two.jpg", "three.jpg"]
    assert shown("?state=unlabelled") == ["three.jpg"]
    assert shown(f"?class={r2d2.pk}") == ["two.jpg"]
    assert shown("?name=ONE") == ["one.jpg"]
    assert shown("?state=nonsense&class=x&page=99&name=%00") == ["one.jpg", "two.jpg", "three.jpg"]
    assert 'd="M10.0 20.0H110.0V80.0H10.0z"' in client.get(dataset.get_absolute_url()).content.decode()


def test_the_grid_asks_the_database_the_same_number_of_questions_for_any_page(client, django_assert_max_num_queries):
    dataset = make_dataset()

    def ask():
        with django_assert_max_num_queries(13) as captured:
            client.get(dataset.get_absolute_url())
        return len(captured)

    make_box(make_image(dataset))
    few = ask()
    for _ in range(30):
        make_box(make_image(dataset))
    assert ask() == few


def test_names_are_escaped_everywhere(client):
    dataset = make_dataset(name="<script>alert(1)</script>", classes=("<b>x</b>",))
    image = make_box(make_image(dataset, file_name="<img src=x>.jpg")).image
    for url in (
        dataset.get_absolute_url(),
        image.get_absolute_url(),
        reverse("datasets:class-list", args=[dataset.slug]),
    ):
        content = client.get(url).content.decode()
        assert "<script>alert" not in content and "<img src=x>" not in content and "<b>x</b>" not in content


def test_uploading_a_zip_imports_it_in_the_background(client):
    dataset = make_dataset(classes=())
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.jpg", picture_bytes())
        archive.writestr("a.xml", voc_xml())
        archive.writestr("broken.jpg", b"no")
    upload = SimpleUploadedFile("set.zip", buffer.getvalue())
    response = client.post(
        reverse("datasets:import-create", args=[dataset.slug]), {"files": [upload], "mapping": "bb8=BB-8"}
    )
    job = Job.objects.get()
    assert response["Location"] == job.get_absolute_url()
    run_here(job)
    content = client.get(job.get_absolute_url()).content.decode()
    assert dataset.images.get().boxes.get().label_class.name == "BB-8"
    assert "broken.jpg" in content and "image_does_not_decode" in content


def test_loose_files_may_share_a_name(client):
    dataset = make_dataset()
    files = [SimpleUploadedFile("a.jpg", picture_bytes()) for _ in range(2)]
    client.post(reverse("datasets:import-create", args=[dataset.slug]), {"files": files})
    run_here(Job.objects.get())
    assert dataset.images.count() == 2


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({}, "This field is required"),
        ({"files": [SimpleUploadedFile("a.zip", b"x")], "mapping": "bb8"}, "Write OLD=NEW"),
        (
            {"files": [SimpleUploadedFile("a.zip", b"x")], "label_map": SimpleUploadedFile("m", b"\xff\xfe")},
            "not a text",
        ),
    ],
)
def test_a_bad_import_form_says_what_is_wrong(client, data, sentence):
    dataset = make_dataset()
    content = client.post(reverse("datasets:import-create", args=[dataset.slug]), data).content.decode()
    assert sentence in content and not Job.objects.exists()


def test_an_upload_that_is_no_zip_fails_with_a_sentence(client):
    dataset = make_dataset()
    upload = SimpleUploadedFile("set.zip", b"this is no zip")
    client.post(reverse("datasets:import-create", args=[dataset.slug]), {"files": [upload]})
    job = run_here(Job.objects.get())
    assert job.state == "failed" and "not a zip archive" in client.get(job.get_absolute_url()).content.decode()


def test_the_editor_page_carries_what_the_editor_needs(client):
    dataset = make_dataset()
    images = [make_image(dataset) for _ in range(3)]
    make_box(images[1])
    response = client.get(images[1].get_absolute_url() + "?state=labelled")
    data = response.context["editor_data"]
    assert (response.context["position"], response.context["total"]) == (2, 3)
    assert data["next_url"] == images[2].get_absolute_url() + "?state=labelled"
    assert [b["x1"] for b in data["boxes"]] == [10] and [c["number"] for c in data["classes"]] == [1, 2]
    assert response.context["filmstrip"] == images


def test_pictures_are_served_to_keep(client):
    image = make_image(width=640, height=480)
    full, thumb = client.get(image.original_url), client.get(image.thumb_url)
    assert full["Content-Type"] == "image/jpeg" and "immutable" in full["Cache-Control"]
    assert thumb["Content-Type"] == "image/webp" and b"".join(thumb.streaming_content)[8:12] == b"WEBP"
    assert client.get(image.thumb_url.replace("small", "huge")).status_code == 404


def test_history_lists_who_did_what(client, alice):
    image = make_image()
    box = BoxValues(uuid.uuid4(), image.dataset.classes.first().pk, 1, 1, 9, 9)
    save_boxes(image, 0, [box], verified=False, negative=False, user=alice)
    content = client.get(reverse("datasets:image-history", args=[image.pk])).content.decode()
    assert "1 added" in content and "alice" in content


def test_freezing_by_the_form(client):
    dataset = make_dataset()
    for _ in range(10):
        make_box(make_image(dataset))
    url = reverse("datasets:version-create", args=[dataset.slug])
    assert "add up to 1" in client.post(url, {"split": "1,1,1", "seed": 1}).content.decode()
    response = client.post(url, {"split": "0.6,0.2,0.2", "seed": 1}, follow=True)
    version = dataset.versions.get()
    assert response.redirect_chain[-1][0] == version.get_absolute_url()
    assert [version.counts[s]["images"] for s in ("train", "val", "test")] == [6, 2, 2]


def test_freezing_nothing_is_refused_on_the_form(client):
    dataset = make_dataset()
    response = client.post(
        reverse("datasets:version-create", args=[dataset.slug]), {"split": "0.7,0.15,0.15", "seed": 1}
    )
    assert "no labelled image" in response.content.decode()


def test_a_version_page_shows_its_split(client):
    version = make_version()
    response = client.get(version.get_absolute_url() + "?split=val")
    assert len(response.context["photos"]) == version.counts["val"]["images"]
    assert client.get(version.get_absolute_url() + "?split=nonsense").context["split"] == "train"


def test_classes_are_added_with_the_next_number(client):
    dataset = make_dataset()
    client.post(reverse("datasets:class-list", args=[dataset.slug]), {"name": " Ewok "})
    assert [(c.number, c.name) for c in dataset.classes.all()][-1] == (3, "Ewok")


def test_what_is_not_there_is_404(client):
    for url in ("/datasets/sets/nope/", "/datasets/images/999/", "/datasets/sets/nope/versions/1/"):
        assert client.get(url).status_code == 404


def test_the_editor_is_told_that_a_class_was_retired(client):
    box = make_box()
    box.image.dataset.classes.update(retired=True)
    data = client.get(box.image.get_absolute_url()).context["editor_data"]
    assert [(each["name"], each["retired"]) for each in data["classes"]] == [(box.label_class.name, True)]


class TestLabelApi:
    def url(self, image):
        return f"/api/v1/datasets/images/{image.pk}/boxes"

    def put(self, client, image, **body):
        body = {"base_revision": image.revision, "boxes": [], **body}
        return client.put(self.url(image), json.dumps(body), content_type="application/json")

    def box(self, image, **kwargs):
        class_id = image.dataset.classes.first().pk
        return {"id": str(uuid.uuid4()), "class_id": class_id, "x1": 1, "y1": 1, "x2": 9, "y2": 9, **kwargs}

    def test_saves_and_answers_the_new_revision(self, client):
        image = make_image()
        response = self.put(client, image, boxes=[self.box(image)], verified=True)
        assert (response.status_code, response.json()["revision"], len(response.json()["boxes"])) == (200, 1, 1)
        assert Image.objects.get().verified

    def test_a_stale_save_is_409_with_both_sides(self, client):
        image = make_image()
        self.put(client, image, boxes=[self.box(image)])
        response = self.put(client, image, boxes=[])
        assert response.status_code == 409
        assert response.json()["error"]["code"] == "stale_revision" and response.json()["current"]["revision"] == 1

    @pytest.mark.parametrize(
        "body", [{"boxes": "x"}, {"boxes": [{"id": "no"}]}, {"base_revision": None}, {"boxes": [1]}, {"boxes": None}]
    )
    def test_what_is_not_understood_is_400_in_the_one_shape(self, client, body):
        response = self.put(client, make_image(), **body)
        assert response.status_code == 400 and set(response.json()["error"]) == {"code", "message"}

    def test_a_visitor_is_told_to_sign_in(self, visitor):
        response = self.put(visitor, make_image())
        assert response.status_code == 401 and response.json()["error"]["code"] == "not_signed_in"

    def test_a_request_without_the_csrf_token_is_refused(self, alice):
        from django.test import Client

        strict = Client(enforce_csrf_checks=True)
        strict.force_login(alice)
        assert self.put(strict, make_image()).status_code == 403

    def test_lists(self, client):
        version = make_version()
        slug = version.dataset.slug
        assert client.get("/api/v1/datasets").json()["items"][0]["image_count"] == 6
        assert client.get(f"/api/v1/datasets/{slug}/images?state=labelled").json()["count"] == 6
        assert (
            client.get(f"/api/v1/datasets/{slug}/versions").json()["items"][0]["content_hash"] == version.content_hash
        )
        made = client.post(f"/api/v1/datasets/{slug}/versions", "{}", content_type="application/json")
        assert made.status_code == 201 and made.json()["number"] == 2
        assert client.get("/api/v1/datasets/nope/images").json()["error"]["code"] == "not_found"
