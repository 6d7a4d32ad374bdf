"""The audit trail over the API."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Query, Router, Schema
from ninja.pagination import paginate

from sw_site.lib.schemas import Asked, Day
from sw_site.team.audit_models import AuditEntry

router = Router(tags=["audit"])


class AuditFilter(Schema):
    """`since` and `until` are days, both included."""

    text: Asked = ""
    person: Asked = ""
    dataset: Asked = ""
    via: Asked = ""
    since: Day | None = None
    until: Day | None = None


class AuditOut(Schema):
    id: int
    at: datetime
    who: str
    via: str
    action: str
    summary: str
    detail: dict[str, Any]
    dataset_name: str
    token: str
    address: str | None


@router.get("/audit", response=list[AuditOut])
@paginate
def list_audit(request: HttpRequest, wanted: Query[AuditFilter]) -> QuerySet[AuditEntry]:
    """Who did what, newest first: all for administrators, what was done in their datasets for managers."""
    return AuditEntry.objects.visible_to(request.user).matching(**wanted.dict())
