"""People who sign in."""

from django.contrib.auth.models import AbstractUser


class User(AbstractUser):
    """A person of the team. Our own table from the first day, so that roles can be added without moving anybody."""
