"""Docs that would go stale are held to the code."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
READERS = re.compile(r"env_(?:str|bool|int|list|secret)\(\"(\w+)\"|env_(?:str|bool|int|list|secret)\('(\w+)'")


def variables_read() -> set[str]:
    files = [
        *(ROOT / "sw_site").rglob("*.py"),
        *(ROOT / "training").rglob("*.py"),
        *(ROOT / "detections").rglob("*.py"),
    ]
    return {a or b for file in files for a, b in READERS.findall(file.read_text())}


def test_every_setting_is_documented():
    text = (ROOT / "docs" / "settings.md").read_text()
    assert variables_read() and {name for name in variables_read() if f"`{name}`" not in text} == set()


def test_every_command_is_documented():
    text = (ROOT / "docs" / "cli.md").read_text()
    commands = {
        file.stem
        for room in ("datasets", "training", "detections", "sw_site", "sw_site/jobs")
        for file in (ROOT / room / "management" / "commands").glob("[!_]*.py")
    }
    assert {name for name in commands if f"manage.py {name}" not in text} == set()


def test_links_between_documents_lead_somewhere():
    for file in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\((?!http)([^)#]+)", file.read_text()):
            assert (file.parent / target).exists(), f"{file.name} links to {target}"


def test_every_direct_requirement_is_pinned():
    for name in ("requirements.txt", "requirements-nodeps.txt", "requirements-dev.txt"):
        lines = [line for line in (ROOT / name).read_text().splitlines() if line and not line.startswith("#")]
        assert lines and all("==" in line for line in lines), name
