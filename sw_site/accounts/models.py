"""People who sign in."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser


class User(AbstractUser):
    """A person of the team. Our own table from the first day, so that roles can be added without moving anybody."""

    #: Where a request is made with a token for some datasets only: their ids. Not stored.
    only_datasets: frozenset[int] | None = None
