"""Invitations over the API."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Router, Schema, Status
from ninja.pagination import paginate
from pydantic import Field

from sw_site.lib.schemas import Body
from sw_site.team.invitation_models import Invitation
from sw_site.team.invitations import MOST_DAYS, USUAL_DAYS, invite, path_of, send_by_mail, take_back

router = Router(tags=["people"])


class InvitationIn(Body):
    """`dataset`: a short name, where the person gets `role`; administrators may leave it out. Sent to `email`."""

    email: str = Field("", max_length=254)
    dataset: str = Field("", max_length=110)
    role: str = Field("annotator", max_length=20)
    days: int = Field(USUAL_DAYS, ge=1, le=MOST_DAYS)


class InvitationOut(Schema):
    """`state`: open, used, expired or taken back."""

    id: int
    email: str
    dataset: str | None
    role: str
    state: str
    created_at: datetime
    expires_at: datetime
    used_by: str | None

    @staticmethod
    def resolve_dataset(invitation: Invitation) -> str | None:
        return invitation.dataset.slug if invitation.dataset else None

    @staticmethod
    def resolve_role(invitation: Invitation) -> str:
        return invitation.as_role.word

    @staticmethod
    def resolve_used_by(invitation: Invitation) -> str | None:
        return invitation.used_by.get_username() if invitation.used_by else None


class NewInvitationOut(InvitationOut):
    """`link` is shown here and never again; `said` tells what became of the mail."""

    link: str
    said: str


@router.get("/invitations", response=list[InvitationOut])
@paginate
def list_invitations(request: HttpRequest) -> QuerySet[Invitation]:
    """Yours to manage: all for administrators, those to their datasets for managers."""
    return Invitation.objects.managed_by(request.user).select_related("dataset", "used_by")


@router.post("/invitations", response={201: NewInvitationOut})
def create_invitation(request: HttpRequest, data: InvitationIn) -> Status[Invitation]:
    invitation, key = invite(**data.dict(), by=request.user)  # type: ignore[arg-type]
    link = request.build_absolute_uri(path_of(key))
    invitation.link, invitation.said = link, send_by_mail(invitation, link)  # type: ignore[attr-defined]
    return Status(201, invitation)


@router.delete("/invitations/{int:number}", response={204: None})
def delete_invitation(request: HttpRequest, number: int) -> Status[None]:
    """Take it back: the link opens nothing any more."""
    take_back(get_object_or_404(Invitation.objects.managed_by(request.user), pk=number))
    return Status(204, None)
