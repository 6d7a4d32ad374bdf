"""Writes requirements-web.txt: requirements.txt without the engine, for web processes and quick work."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEAD = """# Made by deploy/web_requirements.py from requirements.txt: everything but the engine, so without TensorFlow.
# For machines that serve pages and do quick work, and train nothing. Install it with -c constraints.txt, then
# requirements-web-nodeps.txt with --no-deps.
"""
#: Of requirements-nodeps.txt, what the site itself imports.
NO_DEPS = ("ImageHash==",)


def sections(text: str) -> list[str]:
    return text.split("\n\n")


def web_requirements() -> str:
    """All sections of requirements.txt but the first, which introduces them, and the engine's."""
    parts = sections((ROOT / "requirements.txt").read_text())[1:]
    return HEAD + "\n" + "\n\n".join(part.strip("\n") for part in parts if not part.startswith("# engine")) + "\n"


def web_nodeps() -> str:
    lines = (ROOT / "requirements-nodeps.txt").read_text().splitlines()
    return HEAD + "".join(f"{line}\n" for line in lines if line.startswith(NO_DEPS))


if __name__ == "__main__":
    (ROOT / "requirements-web.txt").write_text(web_requirements())
    (ROOT / "requirements-web-nodeps.txt").write_text(web_nodeps())
