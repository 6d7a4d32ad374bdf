"""What a token may be used for: its scope, held against the role that the request needs."""

from __future__ import annotations

from django.http import HttpRequest

from sw_site.accounts.policy import SAFE, needed
from sw_site.accounts.roles import Role
from sw_site.lib.errors import UserError
from sw_site.team.models import ApiToken, Scope

#: Where what managers do is training, not managing.
TRAINING = ("api/v1/training/", "api/v1/detections/", "api/v1/datasets/<slug>/versions")


def scope_for(request: HttpRequest) -> Scope:
    """The least scope of a token for this request."""
    role, match = needed(request), request.resolver_match
    if role == Role.VIEWER or (role == Role.NOBODY and request.method in SAFE):
        return Scope.READ
    if role in (Role.ANNOTATOR, Role.REVIEWER):
        return Scope.LABEL
    if role == Role.MANAGER and match and match.route.startswith(TRAINING):
        return Scope.TRAIN
    return Scope.ADMIN


def refuse_beyond_scope(request: HttpRequest, token: ApiToken) -> None:
    """Raises UserError 403 for what is beyond the scope of a token, or beyond the datasets it is for."""
    least = scope_for(request)
    if Scope(token.scope).rank < least.rank:
        message = f"This token is for “{token.scope}”; this needs one for “{least}”. Make another token."
        raise UserError("scope", message, 403)
    if token.is_limited and needed(request) in (Role.NOBODY, Role.ADMINISTRATOR):
        raise UserError("scope", "This token is for some datasets only; this is about the whole site.", 403)
