"""Who may look after the site."""

from __future__ import annotations

from django.http import HttpRequest

from sw_site.lib.errors import UserError


def require_staff(request: HttpRequest) -> None:
    """Raises UserError (403) unless the person is staff."""
    if not getattr(request.user, "is_staff", False):
        raise UserError("not_allowed", "Only administrators may look after the site. Ask one of them.", 403)
