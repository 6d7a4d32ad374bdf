"""Readers of the environment variables of `variables`; empty counts as not set, what they cannot use fails loudly.

All raise ValueError, with a sentence, for a value that is none; and KeyError for a name that the table does not have.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from sw_site.env.variables import VARIABLES

TRUE, FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}


def env_str(name: str) -> str:
    return os.environ.get(name) or VARIABLES[name].stands


def env_bool(name: str) -> bool:
    value = env_str(name).strip().lower()
    if value not in TRUE | FALSE:
        raise ValueError(f"{name}={value!r} is not a yes or no. Use 'true' or 'false'.")
    return value in TRUE


def env_int(name: str, default: int | None = None) -> int:
    """`default`: where it depends on the machine, so that the table cannot name it."""
    value = env_str(name) or str(default)
    try:
        return int(value)
    except ValueError:
        raise ValueError(f"{name}={value!r} is not a whole number.") from None


def env_choice(name: str) -> str:
    """One of some words, which are small letters in the table."""
    value, choices = env_str(name).strip().lower(), VARIABLES[name].choices
    if value not in choices:
        raise ValueError(f"{name}={value!r} is none of: {', '.join(choices)}.")
    return value


def env_list(name: str) -> list[str]:
    return [part.strip() for part in env_str(name).split(",") if part.strip()]


def env_secret(name: str, file: Path) -> str:
    """The secret named by the environment, or the one kept in `file` (made on first use, for the owner's eyes only)."""
    if value := env_str(name):
        return value
    try:
        return file.read_text().strip()
    except FileNotFoundError:
        file.parent.mkdir(parents=True, exist_ok=True)
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
            handle.write(secrets.token_urlsafe(50))
    except FileExistsError:
        pass  # another process made it a moment ago: read that one
    return file.read_text().strip()


def address() -> tuple[str, int]:
    """Host and port that the site listens on."""
    host, port = env_str("HOST"), env_int("PORT")
    if not 0 <= port < 2**16:
        raise ValueError(f"PORT={port} is no port: they go from 0 to 65535.")
    return host, port
