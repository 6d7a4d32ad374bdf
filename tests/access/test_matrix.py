"""Every address against every role. An address that is not in matrix.txt fails the test.

Who may, in the second column of matrix.txt:
    anyone      also without signing in
    signed      everybody signed in; what they see of it is another matter
    viewer, annotator, reviewer, manager    who has this role in the dataset, or a higher one
    manager!    the same, but for everybody else there is nothing at this address
    admin       administrators of the site
    own         the one person it belongs to (here the annotator)
    absent      there is none in the cast, so everybody signed in is told 404; tested beside the feature
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from sw_site.api import api
from tests.access.cast import PEOPLE, clients_of, make_things
from tests.access.filling import address, body_of

OBJECTS = ("<slug", "<int:pk>", "<pk>", "<int:model>")
#: Served by django-ninja itself, as pages.
SCHEMA_ROUTES = {"api/v1/openapi.json", "api/v1/docs", "api/v1/"}


def read_matrix() -> dict[tuple[str, str], str]:
    rows = [line.split() for line in (Path(__file__).parent / "matrix.txt").read_text().splitlines()]
    return {(method, "" if route == "/" else route): who for method, who, route in (r for r in rows if r[0] != "#")}


MATRIX = read_matrix()


def page_routes(resolver: Any, prefix: str = "") -> set[str]:
    found: set[str] = set()
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver) and route not in ("admin/", "api/v1/"):
            found |= page_routes(entry, route)
        elif isinstance(entry, URLPattern):
            found.add(route)
    return found


def api_routes() -> set[tuple[str, str]]:
    patterns = {entry.name: str(entry.pattern) for entry in api.urls[0]}
    found = set()
    for router in api._get_bound_routers():
        names = iter(router.urls_paths(router.prefix))
        for view in router.path_operations.values():
            for operation in view.operations:
                pattern = next(names)
                assert pattern.name in patterns
                found |= {(method, f"api/v1/{pattern.pattern}") for method in operation.methods}
    return found


def expected(person: str, who: str, route: str) -> set[int]:
    """Statuses that would be right; an empty set means anything but a refusal."""
    on_something = any(mark in route for mark in OBJECTS)
    if who == "anyone":
        return set()
    if person == "visitor":
        return {401} if route.startswith("api/") and route not in SCHEMA_ROUTES else {302}
    if who == "absent":
        return {404}
    if who == "own":
        return set() if person == "annotator" else {404}
    if who == "signed" or PEOPLE.index(person) >= PEOPLE.index(who.rstrip("!")):
        return set()
    if who == "manager!" or (person == "outsider" and (on_something or who == "viewer")):
        return {404}
    return {403}


def ask(client: Client, method: str, route: str, things: SimpleNamespace) -> Any:
    """One request; whatever it changes is undone, signing out too."""
    cookies = dict(client.cookies)
    body = body_of(method, route, things) if route.startswith("api/") else {}
    with transaction.atomic():
        response = getattr(client, method.lower())(address(route, things), **body)
        if hasattr(response, "render") and not response.is_rendered:
            response.render()
        transaction.set_rollback(True)
    client.cookies.clear()
    client.cookies.update(cookies)
    return response


def problem(person: str, who: str, route: str, response: Any) -> str:
    """What is wrong with an answer; empty when nothing is."""
    right = expected(person, who, route)
    sent_away = response.status_code == 302 and "/sign-in/" in response["Location"]
    if right == {302}:
        return "" if sent_away else f"{response.status_code}, not the sign-in form"
    if right:
        return "" if response.status_code in right else f"{response.status_code}, not {right}"
    if response.status_code in (401, 403, 405) or response.status_code >= 500 or (sent_away and who != "anyone"):
        return f"{response.status_code}, though they may"
    return ""


@pytest.fixture
def things(db, settings, tmp_path):
    settings.TEAM_ROLE = "nobody"
    settings.IMPORT_ROOTS = [str(tmp_path)]
    settings.URL_IMPORT = True
    return SimpleNamespace(**vars(make_things()), folder=str(tmp_path))


def test_every_address_is_in_the_matrix():
    named = {(method, route) for method, route in MATRIX if route.startswith("api/")}
    assert api_routes() - named == set(), "put these into tests/access/matrix.txt"
    assert named - api_routes() - {("GET", route) for route in SCHEMA_ROUTES} == set(), "these are gone"
    pages = {route for _, route in MATRIX if not route.startswith("api/")}
    assert page_routes(get_resolver()) - pages == set(), "put these into tests/access/matrix.txt"
    assert pages - page_routes(get_resolver()) == set(), "these are gone"


def test_every_method_of_a_page_is_in_the_matrix(things):
    """What the matrix does not name is answered 405, to those who may do everything."""
    admin = clients_of(things.users)["admin"]
    pages = {route for _, route in MATRIX if not route.startswith("api/")}
    unnamed = [(method, route) for route in pages for method in ("GET", "POST") if (method, route) not in MATRIX]
    wrong = {row: ask(admin, *row, things).status_code for row in unnamed}
    assert {row: status for row, status in wrong.items() if status not in (405, 404)} == {}


def test_every_address_against_every_role(things):
    clients = clients_of(things.users)
    wrong = []
    for (method, route), who in MATRIX.items():
        for person in PEOPLE:
            response = ask(clients[person], method, route, things)
            if said := problem(person, who, route, response):
                wrong.append(f"{method} {route} as {person}: {said}")
    assert wrong == [], "\n".join(wrong)
