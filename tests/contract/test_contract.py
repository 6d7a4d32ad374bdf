"""The API against its own document: whatever is sent, the answer is one that the document promises, and no fault.

A bounded share on every run; `make contract` tries many more.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from sw_site.api import api
from tests.contract.web import served

#: Made-up inputs for each address, besides the fixed ones at the edges of every field.
EXAMPLES = int(os.environ.get("SW_CONTRACT_EXAMPLES", "5"))
CONFIG = Path(__file__).with_name("schemathesis.toml")
HOOKS = {"SCHEMATHESIS_HOOKS": "tests.contract.hooks", "PYTHONPATH": str(Path(__file__).parents[2])}
SEED = os.environ.get("SW_CONTRACT_SEED", "1")
#: What is true of every request and answer. Left out: that what fits the document is always accepted (a name may be
#: taken), and that what was made or deleted is there or gone (an id of the document's may be anything's).
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,"
    "negative_data_rejection,unsupported_method,ignored_auth,missing_required_header"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    with served(tmp_path_factory.mktemp("contract")) as address_and_key:
        yield address_and_key


@pytest.fixture(scope="module")
def outcome(site: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    url, key = site
    command = [
        str(Path(sys.executable).with_name("schemathesis")), "--no-color", "--config-file", str(CONFIG),
        "run", f"{url}/api/v1/openapi.json", "--header", f"Authorization: Bearer {key}", 
        "--checks", CHECKS, "--phases", "examples,coverage,fuzzing",
        "--max-examples", str(EXAMPLES), "--seed", SEED, "--generation-database", "none", "--no-shrink",
        "--request-timeout", "20", "--continue-on-failure", "--warnings", "off",
        "--exclude-path", "/api/v1/team/tokens/{number}",
    ]  # fmt: skip
    # An address left out: it would revoke the token itself.
    return subprocess.run(
        command, cwd=tmp_path_factory.mktemp("schemathesis"), text=True, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, env={**os.environ, **HOOKS},
    )  # fmt: skip


def test_an_address_as_long_as_a_proxy_passes_on_is_answered(site):
    url, key = site
    answer = httpx.get(f"{url}/api/v1/jobs?unknown={'x' * 6000}", headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 200 and answer.headers["Content-Type"].startswith("application/json")


def test_nothing_that_is_sent_is_answered_otherwise_than_promised(outcome):
    assert outcome.returncode == 0, outcome.stdout[-20_000:]


def test_every_address_was_tried(outcome):
    """Of an error on the way, or a token that opens nothing, the check above would know nothing."""
    operations = sum(len(methods) for methods in api.get_openapi_schema()["paths"].values())
    tested = re.search(r"Tested: (\d+)", outcome.stdout)
    assert tested and int(tested[1]) == operations - 1, outcome.stdout[-3000:]
