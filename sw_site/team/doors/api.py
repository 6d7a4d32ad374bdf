"""Second factors over the API: one's own state, and for administrators taking somebody's away."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest
from ninja import Router, Schema, Status

from datasets.members import person_called
from sw_site.team.doors.factor import Factor, factor_of, take_away

router = Router(tags=["people"])


class FactorOut(Schema):
    """`demanded`: the site asks this person for one. Setting one up is done in the browser, by the person."""

    active: bool
    demanded: bool
    since: datetime | None
    last_used: datetime | None
    codes_left: int


@router.get("/second-factor", response=FactorOut)
def own_factor(request: HttpRequest) -> Factor:
    """Your own second factor."""
    return factor_of(request.user)


@router.get("/people/{str:name}/second-factor", response=FactorOut)
def factor_of_person(request: HttpRequest, name: str) -> Factor:
    """Somebody's (administrators)."""
    return factor_of(person_called(name))


@router.delete("/people/{str:name}/second-factor", response={204: None})
def take_factor_away(request: HttpRequest, name: str) -> Status[None]:
    """For somebody who lost the app and the recovery codes: the password alone opens the account again."""
    take_away(person_called(name))
    return Status(204, None)
