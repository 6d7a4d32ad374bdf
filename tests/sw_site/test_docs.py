"""Docs that would go stale are held to the code."""

import re
from pathlib import Path

from datasets.editor_keys import COMMANDS, printed

ROOT = Path(__file__).resolve().parent.parent.parent


def test_every_command_is_documented():
    text = (ROOT / "docs" / "cli.md").read_text()
    commands = {
        file.stem
        for room in ("datasets", "training", "detections", "sw_site", "sw_site/jobs", "sw_site/team")
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


def source_text() -> str:
    rooms = ("datasets", "training", "detections", "sw_site", "templates", "deploy", "static")
    files = [
        file for room in rooms for file in (ROOT / room).rglob("*") if file.suffix in (".py", ".html", ".sh", ".js")
    ]
    # Messages are broken into pieces where lines end; here they are whole again.
    return re.sub(r'"\s*\n\s*f?"', "", "\n".join(file.read_text() for file in files))


def test_every_message_of_troubleshooting_is_one_the_site_says():
    said = re.findall(r"^\| `([^`]+)` \|", (ROOT / "docs" / "troubleshooting.md").read_text(), re.M)
    text = source_text()
    assert len(said) > 20 and [message for message in said if message not in text] == []


def test_the_keys_are_those_of_the_editor():
    text = (ROOT / "docs" / "keys.md").read_text()
    for command in COMMANDS.values():
        keys = " or ".join(f"`{printed(key)}`" for key in command.usual) or "none, give it one"
        assert f"| {keys.replace('|', '&#124;')} | {command.text} |" in text, command.name


def test_every_document_is_reached_from_the_index():
    seen, ahead = set(), [ROOT / "README.md"]
    while ahead:
        file = ahead.pop()
        seen.add(file)
        for target in re.findall(r"\]\((?!http)([^)#]+\.md)", file.read_text()):
            found = (file.parent / target).resolve()
            if found not in seen:
                ahead.append(found)
    assert {file.name for file in (ROOT / "docs").glob("*.md") if file.resolve() not in seen} == set()
