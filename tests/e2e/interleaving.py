"""Editors without a screen on one photo of a running site: the client's own modules in Node, over a line that fails."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import requests

from tests.e2e.conftest import Site
from tests.e2e.labelling import command
from tests.factories import picture_bytes
from tests.js.test_js import HERE, NODE
from tests.voc import voc_xml

NOTHING: Mapping[str, str] = MappingProxyType({})


def sign_in(site: Site) -> dict[str, str]:
    """Cookies of the administrator."""
    session = requests.Session()
    login = session.get(f"{site.url}/")
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', login.text)
    assert token, login.text[:300]
    form = {"username": "admin", "password": site.password, "csrfmiddlewaretoken": token.group(1)}
    session.post(login.url, data=form, headers={"Referer": login.url})
    return dict(session.cookies)


def make_photo(site: Site, name: str, environment: Mapping[str, str] = NOTHING) -> dict[str, Any]:
    """The data that its editor is given: one photo with one box, in a dataset of its own."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "photo.jpg").write_bytes(picture_bytes())
        (Path(folder) / "photo.xml").write_bytes(voc_xml())
        command(site, "import_dataset", folder, "--dataset", name, environment=environment)
    (image,) = command(site, "edit_images", name, "list", environment=environment)["images"]
    page = requests.get(f"{site.url}/datasets/images/{image['id']}/", cookies=sign_in(site), timeout=60)
    data = re.search(r'<script id="editor-data" type="application/json">(.*?)</script>', page.text, re.DOTALL)
    assert data, page.text[:300]
    return dict(json.loads(data.group(1)))


def interleave(site: Site, data: Mapping[str, Any], *, seed: int, edits: int, editors: int) -> dict[str, Any]:
    """What happened, and `faults`: everything that was lost, done twice or is not the same everywhere."""
    cookies = sign_in(site)
    setting = {
        **{name: data[name] for name in ("image", "classes", "boxes_url", "operations_url")},
        "site": site.url,
        "csrf": cookies["csrftoken"],
        "cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()),
        "seed": seed,
        "edits": edits,
        "editors": editors,
    }
    run = subprocess.run([NODE, HERE / "interleave.js", json.dumps(setting)], capture_output=True, text=True)
    assert run.returncode == 0, run.stdout[-1000:] + run.stderr[-3000:]
    return dict(json.loads(run.stdout))
