"""Members of a dataset over the API."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Router, Schema, Status
from ninja.pagination import paginate
from pydantic import Field

from datasets.access import dataset_for
from datasets.members import remove_member, set_member, set_team_role
from datasets.models import Membership
from sw_site.accounts.roles import Role
from sw_site.lib.schemas import Body

router = Router(tags=["members"])


class MemberOut(Schema):
    person: str
    role: str

    @staticmethod
    def resolve_person(member: Membership) -> str:
        return member.user.get_username()

    @staticmethod
    def resolve_role(member: Membership) -> str:
        return member.as_role.word


class RoleIn(Body):
    """viewer, annotator, reviewer or manager; for everybody also nobody."""

    role: str = Field(max_length=20)


class TeamOut(Schema):
    """What everybody on the site may do here, and what you may."""

    everybody: str
    you: str


@router.get("/{slug}/members", response=list[MemberOut])
@paginate
def list_members(request: HttpRequest, slug: str) -> QuerySet[Membership]:
    return dataset_for(request, slug).memberships.select_related("user")


@router.put("/{slug}/members/{username}", response=MemberOut)
def put_member(request: HttpRequest, slug: str, username: str, body: RoleIn) -> Membership:
    """Makes somebody a member, or gives a member another role."""
    return set_member(dataset_for(request, slug), username, body.role, request.user)  # type: ignore[arg-type]


@router.delete("/{slug}/members/{username}", response={204: None})
def delete_member(request: HttpRequest, slug: str, username: str) -> Status[None]:
    remove_member(dataset_for(request, slug), username, request.user)  # type: ignore[arg-type]
    return Status(204, None)


@router.get("/{slug}/team", response=TeamOut)
def get_team(request: HttpRequest, slug: str) -> dict[str, str]:
    dataset = dataset_for(request, slug)
    return {"everybody": Role(dataset.team_role).word, "you": dataset.role_of(request.user).word}


@router.put("/{slug}/team", response=TeamOut)
def put_team(request: HttpRequest, slug: str, body: RoleIn) -> dict[str, str]:
    """What everybody on the site may do here without being a member."""
    dataset = dataset_for(request, slug)
    set_team_role(dataset, body.role, request.user)  # type: ignore[arg-type]
    return {"everybody": Role(dataset.team_role).word, "you": dataset.role_of(request.user).word}
