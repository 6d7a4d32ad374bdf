"""One table of environment variables: readers, the reference and what an operator is shown go by it."""

import io
import json
import re
from pathlib import Path

import pytest
from django.core import checks
from django.core.management import call_command

from sw_site import env
from sw_site.accounts.roles import MEMBER_ROLES, Role
from sw_site.env import reference
from sw_site.env.variables import GROUPS, VARIABLES
from sw_site.lib import brokers
from sw_site.logs import FORMATS
from training.engine import containment

ROOT = Path(__file__).resolve().parent.parent.parent
READ = re.compile(
    r"\b(?:env_(?:str|bool|int|list|secret|choice)\(|environ(?:\.get\(|\[)|= |\$\{)[\"']?([A-Z][A-Z0-9_]+)\b"
)
DOCUMENT = ROOT / "docs" / "settings.md"


def names_read() -> set[str]:
    rooms = ("sw_site", "training", "detections", "datasets", "tests", "deploy")
    files = [file for room in rooms for file in (ROOT / room).rglob("*") if file.suffix in (".py", ".sh")]
    text = "\n".join(file.read_text() for file in files if file.name not in ("variables.py", Path(__file__).name))
    return {*READ.findall(text), *re.findall(r'= "(SW_[A-Z_]+)"', text)}


def test_the_reference_is_what_the_table_says():
    text = DOCUMENT.read_text()
    assert reference.renewed(text) == text, "run: manage.py settings --reference"
    assert all(f"| `{name}` |" in text for name in VARIABLES)


def test_no_variable_is_named_that_nothing_reads():
    assert VARIABLES.keys() - names_read() == set()


def test_no_variable_stands_twice():
    assert len(VARIABLES) == sum(len(group) for group in GROUPS.values())


def test_words_to_choose_from_are_those_the_site_knows():
    roles = [Role(role).name.lower() for role in (Role.NOBODY, *MEMBER_ROLES)]
    known = {"SW_TASKS": [*brokers.SENDERS], "SW_LOG_FORMAT": [*FORMATS], "SW_TEAM_ROLE": roles}
    known["SW_ENGINE_CONTAIN"] = [*containment.ASKED]
    assert {name: [*VARIABLES[name].choices] for name in known} == known


def test_readers_take_what_is_set_and_else_what_the_table_says(monkeypatch):
    for name in ("SW_WEB_THREADS", "SW_DEMO", "SW_SECOND_FACTOR", "SW_API_RATE", "SW_HOSTS"):
        monkeypatch.setenv(name, "")
    assert (env.env_int("SW_WEB_THREADS"), env.env_bool("SW_DEMO"), env.env_list("SW_HOSTS")) == (8, True, [])
    assert (env.env_choice("SW_SECOND_FACTOR"), env.env_str("SW_API_RATE")) == ("optional", "1200/m")
    monkeypatch.setenv("SW_WEB_THREADS", "3")
    monkeypatch.setenv("SW_HOSTS", "a.example, b.example")
    assert env.env_int("SW_WEB_THREADS") == 3 and env.env_list("SW_HOSTS") == ["a.example", "b.example"]
    with pytest.raises(KeyError):
        env.env_str("SW_NOBODY_WROTE_IT_DOWN")


@pytest.mark.parametrize(
    "read, name, value, says",
    [
        (env.env_bool, "SW_DEMO", "perhaps", "Use 'true' or 'false'"),
        (env.env_int, "SW_WEB_THREADS", "many", "not a whole number"),
        (env.env_choice, "SW_SECOND_FACTOR", "nobody", "none of: optional, administrators, everybody"),
    ],
)
def test_what_a_reader_cannot_use_is_said(monkeypatch, read, name, value, says):
    monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match=f"{name}='{value}'.*{says}"):
        read(name)


def test_a_misspelt_name_is_said_and_a_strangers_is_not():
    assert reference.misspelt({"SW_TASK": "rq", "SW_SITE_SERVICE_HOST": "10.0.0.1", "PORTS": "1"}) == {
        "SW_TASK": "SW_TASKS"
    }


def test_the_check_tells_of_it(monkeypatch):
    monkeypatch.setenv("SW_BACKUPS_DIR", "/srv/backups")
    told = [message.msg for message in checks.run_checks() if message.id == "sw_site.W001"]
    assert len(told) == 1 and "SW_BACKUPS_DIR" in told[0] and "SW_BACKUP_DIR" in told[0]


def shown(*arguments):
    out = io.StringIO()
    call_command("settings", *arguments, stdout=out)
    return out.getvalue()


def test_what_is_in_force_is_shown_without_secrets(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://sw:hush@db/sw")
    monkeypatch.setenv("SW_MIN_FREE_MB", "700")
    monkeypatch.setenv("SW_METRICS_TOKEN", "")
    rows = {row["name"]: row for row in json.loads(shown("--json"))["settings"]}
    assert rows.keys() == VARIABLES.keys()
    assert rows["DATABASE_URL"]["set"] and rows["DATABASE_URL"]["value"] is None
    assert rows["SW_MIN_FREE_MB"]["value"] == "700" and not rows["SW_METRICS_TOKEN"]["set"]
    text = shown()
    assert "hush" not in text and re.search(r"\* SW_MIN_FREE_MB +700", text)
    assert re.search(r"  SW_METRICS_TOKEN +\(none: off\)", text)


def test_a_document_without_its_marks_is_left_alone():
    with pytest.raises(ValueError, match="two lines"):
        reference.renewed("# Settings\n")
