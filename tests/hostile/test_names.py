"""Stored cross-site scripting: whatever stands in a name, a note or a log is text on every page."""

from __future__ import annotations

import html

import pytest
from django.test import Client

from tests.access.filling import address
from tests.access.test_matrix import MATRIX
from tests.hostile.poison import MARK, POISON, faults_of, poison_all, poisoned_things

PAGES = sorted(route for method, route in MATRIX if method == "GET")


@pytest.fixture
def things(db, settings, tmp_path):
    settings.TEAM_ROLE = "nobody"
    settings.IMPORT_ROOTS = [str(tmp_path)]
    settings.URL_IMPORT = True
    return poisoned_things()


@pytest.fixture
def admin(things) -> Client:
    client = Client()
    client.force_login(things.users["admin"])
    return client


def test_no_page_takes_a_name_for_markup(things, admin):
    shown, faults = set(), {}
    for route in PAGES:
        answer = admin.get(address(route, things))
        kind = answer.headers.get("Content-Type", "")
        if answer.streaming or not kind.startswith("text/html"):
            continue
        content = answer.content.decode()
        assert answer.status_code < 500, route
        if found := faults_of(content):
            faults[route] = found[:3]
        if html.escape(POISON) in content or POISON.replace("<", "\\u003C").replace(">", "\\u003E")[3:] in content:
            shown.add(route)
    assert faults == {}
    assert len(shown) > 40, "fewer pages than there should be have shown it"


def test_the_check_sees_what_it_should():
    assert faults_of(f"<p>{html.escape(POISON)}</p>") == []
    for content in (
        f"<p>{POISON}</p>",
        f'<a title="{POISON}">x</a>',
        f'<script type="application/json">"{POISON}"</script>',
        "<p onclick='x()'>",
        "<a href='javascript:x()'>",
        "<a href='//evil.example'>",
        "<script>x()</script>",
    ):
        assert faults_of(content), content


def test_every_table_with_texts_was_poisoned(things):
    assert poison_all() > 40 and MARK in things.dataset.name


def test_refused_names_are_text_in_what_is_said(things, admin):
    """A form that comes back repeats what was typed; an address that is not there is told again."""
    for url, form in (
        ("/datasets/new/", {"name": POISON}),
        (f"/datasets/sets/{things.dataset.slug}/classes/", {"action": "add", "name": POISON}),
        (f"/datasets/sets/{things.dataset.slug}/members/", {"username": POISON, "role": "viewer"}),
        ("/team/tokens/", {"name": POISON, "scope": POISON}),
        ("/sign-in/", {"username": POISON, "password": POISON}),
    ):
        assert faults_of(admin.post(url, form, follow=True).content.decode()) == [], url
    for url in (f"/search/?q={POISON}", f"/datasets/?q={POISON}", f"/{POISON}", f"/team/audit/?text={POISON}"):
        assert faults_of(admin.get(url).content.decode()) == [], url
