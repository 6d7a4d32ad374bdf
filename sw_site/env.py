"""Readers of environment variables; empty counts as not set, and a value they cannot use fails loudly."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

TRUE, FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}


def env_str(name: str, default: str = "") -> str:
    return os.environ.get(name) or default


def env_bool(name: str, default: bool = False) -> bool:
    value = (os.environ.get(name) or str(default)).strip().lower()
    if value not in TRUE | FALSE:
        raise ValueError(f"{name}={value!r} is not a yes or no. Use 'true' or 'false'.")
    return value in TRUE


def env_int(name: str, default: int) -> int:
    value = os.environ.get(name) or str(default)
    try:
        return int(value)
    except ValueError:
        raise ValueError(f"{name}={value!r} is not a whole number.") from None


def env_choice(name: str, choices: tuple[str, ...]) -> str:
    """One of some words; the first is meant where nothing is set."""
    value = os.environ.get(name) or choices[0]
    if value not in choices:
        raise ValueError(f"{name}={value!r} is none of: {', '.join(choices)}.")
    return value


def env_list(name: str) -> list[str]:
    return [part.strip() for part in os.environ.get(name, "").split(",") if part.strip()]


def env_secret(name: str, file: Path) -> str:
    """The secret named by the environment, or the one kept in `file` (made on first use, for the owner's eyes only)."""
    if value := os.environ.get(name):
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
    host, port = env_str("HOST", "127.0.0.1"), env_int("PORT", 8000)
    if not 0 <= port < 2**16:
        raise ValueError(f"PORT={port} is no port: they go from 0 to 65535.")
    return host, port
