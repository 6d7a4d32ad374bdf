"""The grid: every filter, its address, pages by key, and the way from image to image through them."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from datasets.browsing import GridFilter, neighbours, page_of
from datasets.browsing.filters import FLAGS, SORTS
from datasets.models import Image, LabelClass, LikePair, SavedView
from datasets.traits import CLASS_BITS, TRAITS, class_bit, refresh_traits, traits_of
from tests.factories import make_box, make_dataset, make_image, make_user

pytestmark = pytest.mark.django_db


def names(dataset, query):
    found = GridFilter.parse(query)
    return [image.file_name for image in page_of(found.apply(dataset), found.sort)]


@pytest.fixture
def droids():
    """a: a small difficult imported BB-8; b: two boxes, a large R2-D2 among them; c: nothing here; d: damaged."""
    dataset = make_dataset()
    bb8, r2d2 = dataset.classes.all()
    a = make_image(dataset, file_name="a.jpg", folder="desert/noon", verified=True, split="train")
    b = make_image(dataset, file_name="b.jpg", state="approved", split="test")
    make_image(dataset, file_name="c.jpg", negative=True)
    make_image(dataset, file_name="d.jpg", state="unlabelled", defect="cut short")
    make_box(a, bb8, x1=0, y1=0, x2=20, y2=20, difficult=True, source="import")
    make_box(b, bb8, x1=0, y1=0, x2=60, y2=60, truncated=True)
    make_box(b, r2d2, x1=0, y1=0, x2=200, y2=100, occluded=True, source="model")
    refresh_traits(dataset.images.values_list("pk", flat=True))
    return dataset


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "abcd"),
        ("state=approved", "b"),
        ("name=DESERT", "a"),
        ("name=b.j", "b"),
        ("min=1", "ab"),
        ("max=0", "cd"),
        ("min=1&max=1", "a"),
        ("size=small", "a"),
        ("size=medium", "b"),
        ("size=large", "b"),
        ("flag=difficult", "a"),
        ("flag=truncated&flag=occluded", "b"),
        ("flag=difficult&flag=occluded", ""),
        ("flag=verified", "a"),
        ("flag=unverified", "bcd"),
        ("flag=negative", "c"),
        ("source=import", "a"),
        ("source=person", "b"),
        ("source=model", "b"),
        ("split=train", "a"),
        ("split=none", "cd"),
        ("defect=1", "d"),
        ("sort=newest", "dcba"),
        ("sort=name", "abcd"),
        ("sort=most", "badc"),
        ("sort=fewest", "cdab"),
        ("class=987654", ""),
        ("view=987654", ""),
        ("state=no&size=no&flag=no&min=-1&max=x&uploader=%00&sort=no&split=no&like=1e9", "abcd"),
    ],
)
def test_each_filter_finds_what_it_says(droids, query, expected):
    assert "".join(name[0] for name in names(droids, query)) == expected


def test_people_classes_and_views(droids, alice):
    a, b, c, _ = droids.images.order_by("pk")
    bb8, r2d2 = droids.classes.all()
    Image.objects.filter(pk=a.pk).update(created_by=alice)
    Image.objects.filter(pk=b.pk).update(assignee=alice)
    view = SavedView.objects.create(dataset=droids, user=alice, name="Again")
    view.images.add(c)
    assert names(droids, f"uploader={alice.pk}") == ["a.jpg"] and names(droids, f"assignee={alice.pk}") == ["b.jpg"]
    assert names(droids, f"class={bb8.pk}") == ["a.jpg", "b.jpg"] and names(droids, f"class={r2d2.pk}") == ["b.jpg"]
    assert names(droids, f"view={view.pk}") == ["c.jpg"]


def test_photos_that_look_alike(droids):
    a, b, c, _ = droids.images.order_by("pk")
    LikePair.objects.create(dataset=droids, first=a, second=c, bits=3)
    LikePair.objects.create(dataset=droids, first=a, second=b, bits=9, decision="both")
    assert names(droids, "alike=1") == ["a.jpg", "c.jpg"]
    assert names(droids, f"like={c.pk}") == ["a.jpg", "c.jpg"]


def test_an_address_carries_the_whole_filter():
    text = (
        "?state=labelled&class=3&name=a+b&min=0&max=0&size=small&flag=difficult&flag=verified&source=model&split=none"
    )
    text += "&uploader=1&assignee=2&defect=1&alike=1&like=4&view=5&sort=most"
    assert GridFilter.parse(text).query_string() == text
    assert GridFilter.parse(text).without("flag").flag == ()
    assert GridFilter().query_string() == "" and not GridFilter(sort="name").is_set


@pytest.mark.parametrize("sort", list(SORTS))
def test_pages_by_key_go_through_everything_once_and_back(sort):
    dataset = make_dataset()
    for n in range(11):
        make_image(dataset, file_name=f"photo {n % 3}", box_count=n % 2)
    images = GridFilter(sort=sort).apply(dataset)
    pages = [page_of(images, sort, size=4)]
    while pages[-1].next:
        pages.append(page_of(images, sort, after=pages[-1].next, size=4))
    seen = [image.pk for page in pages for image in page]
    assert [len(page) for page in pages] == [4, 4, 3] and len(set(seen)) == 11
    assert not pages[0].previous and pages[1].previous and pages[2].previous
    back = page_of(images, sort, before=pages[2].previous, size=4)
    assert [image.pk for image in back] == [image.pk for image in pages[1]] and back.next == pages[1].next
    first = page_of(images, sort, before=back.previous, size=4)
    assert [image.pk for image in first] == [image.pk for image in pages[0]] and not first.previous


@pytest.mark.parametrize("text", ["x", "~", "-3", "1~x", "9" * 40, "\x00", "²"])
def test_a_cursor_nobody_can_read_is_the_first_page(droids, text):
    assert len(page_of(GridFilter(sort="most").apply(droids), "most", after=text)) == 4


def test_the_way_through_a_filter_follows_its_order(droids):
    a, b, c, d = droids.images.order_by("pk")
    near = neighbours(GridFilter(sort="most").apply(droids), a, "most")
    assert (near.position, near.total, near.previous, near.next) == (2, 4, b, d)
    assert near.strip == [b, a, d, c]
    outside = neighbours(GridFilter(state="approved").apply(droids), a)
    assert (outside.total, outside.previous, outside.next) == (1, None, b)


def test_a_page_costs_three_queries_whatever_is_on_it(droids):
    with CaptureQueriesContext(connection) as queries:
        page = page_of(GridFilter().apply(droids))
        overlays = [str(image.overlay) for image in page]
    assert len(queries) == 4 and sum(text.count("<title>") for text in overlays) == 3


@pytest.mark.parametrize(
    "query",
    ["", "sort=name", "sort=most", "flag=difficult", "min=3", "split=test&flag=verified", "name=x", "name=x&sort=name"],
)
def test_ids_are_found_in_an_index_alone(droids, query):
    if connection.vendor != "sqlite":
        pytest.skip("reads SQLite's own words")
    from datasets.browsing.paging import beyond

    found = GridFilter.parse(query)
    plan = beyond(found.apply(droids), found.sort).values_list("pk", flat=True)[:101].explain()
    assert "COVERING INDEX" in plan and "TEMP B-TREE" not in plan


def test_addresses_are_those_of_the_router():
    image = make_image()
    tag = image.sha256[:12]
    assert image.get_absolute_url() == reverse("datasets:image-detail", args=[image.pk])
    assert image.original_url == reverse("datasets:image-file", args=[image.pk, tag])
    assert image.thumb_url == reverse("datasets:image-thumb", args=[image.pk, tag, "small"])
    assert image.large_thumb_url == reverse("datasets:image-thumb", args=[image.pk, tag, "large"])


def test_traits_sum_boxes_up():
    image = make_image()
    boxes = [make_box(image, x2=42, y2=52, x1=10, y1=20), make_box(image, truncated=True, source="import")]
    bit = class_bit(boxes[0].label_class_id)
    assert traits_of(boxes) == (2, 2 | 16 | 64 | 128 | bit) and traits_of([]) == (0, 0)


def test_class_bits_are_none_of_the_other_traits_and_fit_the_column():
    bits = {class_bit(n) for n in range(1000)}
    assert min(bits) > max(TRAITS.values()) and max(bits) < 2**63 and len(bits) == CLASS_BITS


def test_classes_that_share_a_bit_are_told_apart(droids):
    bb8 = droids.classes.first()
    twin = LabelClass.objects.create(pk=bb8.pk + CLASS_BITS, dataset=droids, name="Twin", number=9, colour="#000000")
    make_box(droids.images.get(file_name="c.jpg"), twin)
    refresh_traits(droids.images.values_list("pk", flat=True))
    assert names(droids, f"class={twin.pk}") == ["c.jpg"] and names(droids, f"class={bb8.pk}") == ["a.jpg", "b.jpg"]


class TestPage:
    def url(self, dataset, query=""):
        return dataset.get_absolute_url() + query

    def test_chips_say_what_is_filtered_and_take_it_away(self, client, droids):
        content = client.get(self.url(droids, "?flag=difficult&min=1&name=<b>")).content.decode()
        assert "with a difficult box" in content and "“&lt;b&gt;” in name or folder" in content
        assert "?name=%3Cb%3E&amp;flag=difficult" in content  # without the count

    def test_every_flag_is_offered(self, client, droids):
        content = client.get(self.url(droids)).content.decode()
        assert all(f'name="flag" value="{flag}"' in content for flag in FLAGS)

    def test_nothing_found_says_how_to_see_more(self, client, droids):
        assert "No photo matches" in client.get(self.url(droids, "?min=50")).content.decode()

    def test_the_count_comes_by_itself(self, client, droids):
        url = reverse("datasets:image-count", args=[droids.slug])
        assert client.get(url + "?max=0").content == b"2"

    def test_editor_links_carry_the_filter(self, client, droids):
        content = client.get(self.url(droids, "?min=1&sort=most")).content.decode()
        assert f'href="{droids.images.get(file_name="b.jpg").get_absolute_url()}?min=1&amp;sort=most"' in content

    def test_a_view_is_saved_shared_and_deleted_by_its_owner(self, client, droids, alice):
        create = reverse("datasets:view-create", args=[droids.slug])
        client.post(create, {"name": " Hard ", "query": "?flag=difficult&junk=1"})
        view = SavedView.objects.get()
        assert (view.name, view.query, view.user) == ("Hard", "?flag=difficult", alice)
        client.post(create, {"name": "Hard", "query": "?flag=occluded"})
        view.refresh_from_db()
        assert view.query == "?flag=occluded" and view.get_absolute_url().endswith("?flag=occluded")
        client.post(create, {"name": "", "query": "?min=1"})
        client.post(create, {"name": "All", "query": ""})
        assert SavedView.objects.count() == 1
        other = SavedView.objects.create(dataset=droids, user=make_user("bob"), name="Bob's", query="?min=1")
        for each in (view, other):
            client.post(reverse("datasets:view-delete", args=[droids.slug, each.pk]))
        assert SavedView.objects.get() == other
