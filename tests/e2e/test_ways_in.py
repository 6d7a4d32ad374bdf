"""A second factor set up and used, and a provider's person, as they go it in a browser."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.access import provider as providing
from tests.access.test_second_factor import code_of
from tests.e2e.conftest import ROOT, Site, start_site
from tests.e2e.test_axe import grave_ones

pytestmark = pytest.mark.browser
PASSWORD = "secret-42-pass"
PEOPLE = f"""
from sw_site.accounts.models import User
User.objects.create_user("leia", password="{PASSWORD}")
User.objects.create_user("han", email="han@falcon.example", password="{PASSWORD}")
"""


@pytest.fixture(scope="module")
def provider() -> Iterator[providing.Provider]:
    with providing.running() as provider:
        yield provider


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, provider) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("ways")
    named = {"SW_OIDC_ISSUER": provider.url, "SW_OIDC_CLIENT_ID": "sw", "SW_OIDC_CLIENT_SECRET": "hush"}
    site = start_site(folder, SW_DEMO="0", SW_OIDC_NAME="Rebel ID", **named)
    environment = {**os.environ, "DATA_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "sw_site.settings"}
    subprocess.run([sys.executable, "manage.py", "shell", "-c", PEOPLE], cwd=ROOT, env=environment, check=True)
    yield site
    assert site.stop() == 0, "".join(site.lines[-30:])


@pytest.fixture
def visitor(context: BrowserContext, site: Site) -> Page:
    page = context.new_page()
    page.on("pageerror", lambda error: pytest.fail(f"{page.url}: {error}"))
    page.on("response", lambda response: response.status < 500 or pytest.fail(f"{response.status} {response.url}"))
    page.goto(f"{site.url}/sign-in/")
    return page


def sign_in(page: Page, name: str) -> None:
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def test_a_second_factor_from_the_menu_to_the_next_sign_in(visitor: Page, site: Site, shoot):
    sign_in(visitor, "leia")
    visitor.get_by_label("Account of leia").click()
    visitor.get_by_role("link", name="Ways in").click()
    visitor.get_by_role("link", name="Set it up").click()
    visitor.get_by_label("Password").fill(PASSWORD)
    visitor.get_by_role("button", name="Go on").click()
    picture = visitor.get_by_role("img", name="The secret below")
    picture.wait_for()
    assert picture.evaluate("image => image.naturalWidth") > 0
    assert grave_ones(visitor) == []
    shoot(visitor, "second-factor")
    secret = visitor.locator("[data-secret]").inner_text()
    visitor.get_by_label("Code").fill(code_of(secret))
    visitor.get_by_role("button", name="Switch it on").click()
    codes = visitor.locator("[data-codes]").inner_text().split()
    assert len(codes) == 10
    visitor.get_by_role("link", name="I have kept them").click()
    assert grave_ones(visitor) == []
    shoot(visitor, "ways-in")
    visitor.get_by_label("Account of leia").click()
    visitor.get_by_role("button", name="Sign out").click()
    sign_in(visitor, "leia")
    visitor.get_by_label("Code").fill("000000")
    visitor.get_by_role("button", name="Sign in", exact=True).click()
    visitor.get_by_text("That code is not right").wait_for()
    assert grave_ones(visitor) == []
    shoot(visitor, "second-factor-asked")
    visitor.get_by_label("Code").fill(codes[3])
    visitor.get_by_role("button", name="Sign in", exact=True).click()
    visitor.get_by_role("heading", name="Home").wait_for()


def test_through_the_provider_and_back(visitor: Page, provider, shoot):
    """The Content-Security-Policy lets the browser go there."""
    provider.person = {"sub": "7", "email": "han@falcon.example", "email_verified": True}
    assert grave_ones(visitor) == []
    shoot(visitor, "sign-in-provider")
    visitor.get_by_role("link", name="Sign in with Rebel ID").click()
    visitor.get_by_role("heading", name="Home").wait_for()
    visitor.get_by_label("Account of han").wait_for()


def test_somebody_without_an_account_is_told(visitor: Page, provider, shoot):
    provider.person = {"sub": "8", "email": "jabba@tatooine.example", "email_verified": True}
    visitor.get_by_role("link", name="Sign in with Rebel ID").click()
    visitor.get_by_text("There is no account here for you.").wait_for()
    assert grave_ones(visitor) == []
    shoot(visitor, "provider-refused")
