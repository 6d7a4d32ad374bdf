"""Who works on the server's command line: somebody who may see and do all, without a row."""

from __future__ import annotations

from sw_site.accounts.models import User


def operator() -> User:
    """For functions that ask who is there. It is never saved, so nothing can be said to be its."""
    return User(username="the command line", is_staff=True)
