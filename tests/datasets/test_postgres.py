"""SQLite and Postgres give the same answers: the same set is imported into both and everything is asked of both."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import F, Q
from django.test import Client

from datasets.browsing import GridFilter, neighbours, page_of
from datasets.browsing.filters import FLAGS, SIZES, SORTS, SOURCES
from datasets.curation import actions
from datasets.curation import classes as class_actions
from datasets.curation.duplicates import find_pairs, keep_one
from datasets.curation.undo import undo_change
from datasets.health.report import health_report
from datasets.importing.importer import ImportOptions, import_source
from datasets.importing.source import open_source
from datasets.models import Box, Dataset, Image, LikePair, SavedView
from datasets.models.version import SPLITS
from datasets.traits import FIRST_CLASS_BIT, refresh_traits
from datasets.versions.freeze import FROM_FILES, freeze
from sw_site.jobs.models import Job
from sw_site.jobs.queue import create_job, run_here
from tests.datasets.test_duplicates import drawing
from tests.factories import make_user
from tests.postgres import as_default
from tests.voc import voc_xml

pytestmark = pytest.mark.django_db
PHOTOS = 14


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Photos in train and val with boxes of two classes in three sizes, and a smaller copy of the first."""
    root = tmp_path_factory.mktemp("set")
    for n in range(PHOTOS):
        place = root / ("train" if n % 3 else "val")
        place.mkdir(exist_ok=True)
        (place / f"Photo_{n % 5}-{n}.jpg").write_bytes(drawing(n))
        side = (20, 60, 150)[n % 3]
        boxes = [("BB-8", 5, 5, 5 + side, 5 + side), ("R2-D2", 9, 9, 200, 150)][: n % 4]
        if n % 4:
            (place / f"Photo_{n % 5}-{n}.xml").write_bytes(voc_xml(f"{n}.jpg", (320, 240), boxes, verified=n % 2 == 0))
    (root / "val" / "copy.jpg").write_bytes(drawing(0, 160, 60))
    return root


@pytest.fixture
def imported(folder):
    """Makes the set and its people in the database that is the default one at the time."""

    def make() -> tuple[Dataset, Any]:
        user = make_user("alice")
        dataset = Dataset.objects.create(name="Both")
        import_source(dataset, open_source(folder), ImportOptions({}), user)
        images = dataset.images.order_by("file_name")
        Image.objects.filter(pk__in=list(images.values_list("pk", flat=True)[:4])).update(assignee=user)
        Image.objects.filter(pk=images[5].pk).update(defect="cut short")
        first = Box.objects.filter(image__dataset=dataset).order_by("image__file_name", "x1").first()
        Box.objects.filter(pk=first.pk).update(difficult=True, occluded=True, source="model", score=0.4)
        refresh_traits([first.image_id])
        Image.objects.filter(pk=first.image_id).update(revision=F("revision") + 1)  # it is not as it was imported
        find_pairs(dataset)
        view = SavedView.objects.create(dataset=dataset, user=user, name="Picked")
        view.images.add(*images[2:5])
        return dataset, user

    return make


def queries(dataset: Dataset, user: Any) -> Iterator[tuple[str, str]]:
    """(name that is the same everywhere, address) of each filter by itself, and of some together."""
    plain = [
        "",
        "state=labelled",
        "state=unlabelled",
        "name=PHOTO_2",
        "name=rai",
        "name=%25",
        "name=_",
        "min=2",
        "max=0",
    ]
    plain += [f"size={size}" for size in SIZES] + [f"flag={flag}" for flag in FLAGS]
    plain += [f"source={source}" for source in SOURCES] + [f"split={split}" for split in (*SPLITS, "none")]
    plain += ["defect=1", "alike=1", "min=1&flag=unverified&size=small", "name=photo&split=train&max=1"]
    yield from ((query, query) for query in plain)
    for label_class in dataset.classes.all():
        yield f"class {label_class}", f"class={label_class.pk}"
    image = LikePair.objects.filter(dataset=dataset).order_by("bits").first().first
    yield "like", f"like={image.pk}"
    yield "people", f"uploader={user.pk}&assignee={user.pk}"
    yield "view", f"view={dataset.views.get().pk}"


def names(images) -> list[str]:
    return [image.file_name for image in images]


def test_every_filter_in_every_order(imported, on_both):
    def story() -> dict[tuple[str, str], list[str]]:
        dataset, user = imported()
        asked = list(queries(dataset, user))
        return {
            (name, sort): names(page_of(GridFilter.parse(query).apply(dataset), sort))
            for name, query in asked
            for sort in SORTS
        }

    found = on_both(story)
    assert len(found["", "name"]) == PHOTOS + 1 and found["like", "name"] == ["Photo_0-0.jpg", "copy.jpg"]
    assert found["name=PHOTO_2", "name"] == ["Photo_2-12.jpg", "Photo_2-2.jpg", "Photo_2-7.jpg"]
    assert len(found["name=_", ""]) == PHOTOS and not found["name=%25", ""]
    assert len(found["people", ""]) == 4 and len(found["view", ""]) == 3 and len(found["class R2-D2", ""]) == 6


def pages(dataset: Dataset, query: str, sort: str) -> tuple[list[list[str]], list[list[str]]]:
    """Forward to the end by `after`, and back to the beginning by `before`."""
    images = GridFilter.parse(query).apply(dataset)
    forward = [page_of(images, sort, size=4)]
    while forward[-1].next:
        forward.append(page_of(images, sort, after=forward[-1].next, size=4))
    back = [forward[-1]]
    while back[-1].previous:
        back.append(page_of(images, sort, before=back[-1].previous, size=4))
    return [names(page) for page in forward], [names(page) for page in reversed(back)]


def test_pages_by_key_in_both_directions(imported, on_both):
    def story() -> dict[tuple[str, str], Any]:
        dataset, user = imported()
        wanted = [(name, query) for name, query in queries(dataset, user) if name in ("", "min=2", "class BB-8")]
        return {(name, sort): pages(dataset, query, sort) for name, query in wanted for sort in SORTS}

    for forward, back in on_both(story).values():
        assert forward == back and len({name for page in forward for name in page}) == sum(map(len, forward))


def state(dataset: Dataset) -> list[tuple[Any, ...]]:
    """Everything a bulk action may write, by file name."""
    rows = dataset.images.order_by("file_name").prefetch_related("boxes__label_class")
    return [
        (
            *(row.file_name, row.state, row.verified, row.negative, row.revision, row.box_count),
            row.box_traits % (1 << FIRST_CLASS_BIT),  # the other bits go by row ids, which differ
            str(row.assignee),
            sorted((box.label, box.x1, box.y1, box.x2, box.y2) for box in row.boxes.all()),
            [revision.summary for revision in row.revisions.all()],
        )
        for row in rows
    ]


def test_acting_on_many_and_taking_it_back(imported, on_both):
    def story() -> list[Any]:
        dataset, user = imported()
        everything = list(dataset.images.order_by("pk").values_list("pk", flat=True))
        bb8, r2d2 = dataset.classes.order_by("name")
        told: list[Any] = [state(dataset)]
        for act in (
            lambda: actions.relabel(dataset, everything, user, r2d2, bb8),
            lambda: actions.mark_verified(dataset, everything, user),
            lambda: actions.mark_negative(dataset, everything, user),
            lambda: class_actions.merge_classes(r2d2, bb8, user),
        ):
            outcome = act()
            after = state(dataset)
            again = undo_change(outcome.change, user)
            told += [outcome.sentence, after, again.images, state(dataset)]
        for outcome in (
            actions.set_state(dataset, everything, "approved"),
            actions.assign(dataset, everything[:5], None),
            actions.add_to_view(dataset, everything[:7], user, "Picked"),
            actions.delete_images(dataset, everything[1:3]),
        ):
            told += [outcome.sentence, state(dataset)]
        return told

    before, *_ = told = on_both(story)
    without_history = [[row[:4] + row[5:9] for row in rows] for rows in (before, told[4])]
    assert without_history[0] == without_history[1] and told[2] != before


def test_near_duplicates(imported, on_both):
    def story() -> list[Any]:
        dataset, user = imported()
        pairs = [(pair.first.file_name, pair.second.file_name, pair.bits) for pair in dataset.pairs.all()]
        again = find_pairs(dataset)
        nearest = dataset.pairs.get(second__file_name="copy.jpg", first__file_name="Photo_0-0.jpg")
        outcome = keep_one(nearest, nearest.second_id, user)
        return [sorted(pairs), again, outcome.sentence, state(dataset), dataset.pairs.count()]

    pairs, *_, left = on_both(story)
    assert ("Photo_0-0.jpg", "copy.jpg") in [pair[:2] for pair in pairs] and left < len(pairs)


def test_freezing_and_health(imported, on_both):
    def story() -> list[Any]:
        dataset, user = imported()
        frozen = [freeze(dataset, user=user, seed=3), freeze(dataset, FROM_FILES, user=user)]
        content = [
            sorted((image.file_name, image.split, image.boxes) for image in version.manifest().images)
            for version in frozen
        ]
        report = health_report(dataset)
        report["classes"] = [{**row, "id": None} for row in report["classes"]]
        return [content, [(v.number, v.counts, v.fractions) for v in frozen], report]

    content, versions, _ = on_both(story)
    assert [number for number, *_ in versions] == [1, 2] and {row[1] for row in content[1]} == {"train", "val"}


def work(context, dataset_id: int) -> dict[str, int]:
    context.progress(1, 2, "half-way")
    return {"images": Image.objects.filter(dataset=dataset_id).count()}


def test_jobs_and_pages(imported, on_both):
    def story() -> list[Any]:
        dataset, user = imported()
        job = run_here(create_job(work, kind="count", title="Count", payload={"dataset_id": dataset.pk}))
        found = Job.objects.filter(payload__dataset_id=dataset.pk).get() == job
        client = Client()
        client.force_login(user)
        base = dataset.get_absolute_url()
        addresses = [base, f"{base}?sort=name&min=1", f"{base}classes/", f"{base}duplicates/", f"{base}health/"]
        statuses = [client.get(url).status_code for url in (*addresses, f"{base}versions/", f"{base}changes/")]
        near = neighbours(dataset.images.all(), dataset.images.order_by("pk")[3])
        return [job.state, job.result, found, statuses, near.position, near.total]

    *_, statuses, position, total = on_both(story)
    assert set(statuses) == {200} and (position, total) == (4, PHOTOS + 1)


def index_of_names() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'image_names_by_letters'")
        return [row[0] for row in cursor.fetchall()]


def test_a_text_in_names_is_found_by_an_index(db, postgres):
    with as_default(postgres), transaction.atomic():
        assert "gin_trgm_ops" in index_of_names()[0]
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")  # of an empty table it would be the cheapest
        plan = Image.objects.filter(Q(file_name__icontains="Photo") | Q(folder__icontains="Photo")).order_by().explain()
        transaction.set_rollback(True)
    assert "image_names_by_letters" in plan


def test_a_user_who_may_not_add_extensions_gets_the_tables_without_that_index(db, postgres):
    migration = import_module("datasets.migrations.0014_image_names_by_letters")
    with as_default(postgres), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("DROP EXTENSION pg_trgm CASCADE")
            cursor.execute("CREATE ROLE poor")
            cursor.execute("SET LOCAL ROLE poor")
            migration.add_index(None, SimpleNamespace(connection=connection))
            cursor.execute("RESET ROLE")
        assert index_of_names() == []
        transaction.set_rollback(True)
