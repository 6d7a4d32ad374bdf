"""Which role a request needs: the one table, for pages and API alike.

A route that is not named here needs the role viewer to be read and the role manager to change anything, so that what
is forgotten is closed. Where a route names a dataset, or something that belongs to one, the role in that dataset is
meant (`datasets.access.permit` asks for it); else some dataset in which the person has it, and the rows named in what
is sent are asked for one by one.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from sw_site.accounts.roles import Role

if TYPE_CHECKING:
    from django.http import HttpRequest

#: One line is a method and a route as Django spells it. What follows # is a remark.
TABLE: dict[Role, str] = {
    # Everybody signed in: about themselves, or with rules of their own in the view.
    Role.NOBODY: """
        POST sign-in/
        POST sign-out/
        POST sign-in/code/
        POST team/join/  # whoever has the link
        POST team/ways-in/password/
        POST team/ways-in/app/
        POST team/ways-in/app/remove/
        POST team/ways-in/codes/new/
        POST team/ways-in/again/
        POST team/ways-in/again/code/
        POST team/ways-in/providers/<int:number>/forget/
        POST datasets/new/
        POST api/v1/datasets
        POST datasets/keys/
        PUT api/v1/datasets/keys
        DELETE api/v1/datasets/keys
        POST team/tokens/
        POST team/tokens/<int:number>/revoke/
        POST api/v1/team/tokens
        DELETE api/v1/team/tokens/<int:number>
        POST jobs/<int:pk>/cancel/  # the person who started it, managers, administrators
        POST jobs/<int:pk>/retry/
        POST api/v1/jobs/<int:pk>/cancel
        POST api/v1/jobs/<int:pk>/retry
        POST api/v1/jobs/<int:pk>/host
    """,
    # Asking, in a request that is no GET because of what it carries.
    Role.VIEWER: """
        POST datasets/sets/<slug:slug>/export/
        POST api/v1/datasets/<slug>/exports
        POST datasets/sets/<slug:slug>/views/new/
        POST datasets/sets/<slug:slug>/views/<int:pk>/delete/
        POST training/tensorboard/
        POST training/tensorboard/<slug:key>/
        POST training/tensorboard/<slug:key>/<path:path>
        POST api/v1/datasets/images/<pk>/presence
        DELETE api/v1/datasets/images/<pk>/presence
        POST api/v1/training/runs/check
        POST api/v1/training/runs/config
        POST api/v1/training/boards
        POST api/v1/detections/models/<int:pk>/detect
    """,
    Role.ANNOTATOR: """
        GET datasets/sets/<slug:slug>/upload/
        GET datasets/sets/<slug:slug>/import/
        POST datasets/sets/<slug:slug>/import/
        GET datasets/sets/<slug:slug>/import/addresses/
        POST datasets/sets/<slug:slug>/import/addresses/
        GET datasets/sets/<slug:slug>/import/video/
        POST datasets/sets/<slug:slug>/import/video/
        GET datasets/sets/<slug:slug>/import/<int:pk>/
        POST datasets/sets/<slug:slug>/import/<int:pk>/
        POST datasets/sets/<slug:slug>/act/  # some actions need more: datasets.curation.dispatch
        POST datasets/sets/<slug:slug>/queue/<slug:work>/
        POST datasets/images/<int:pk>/history/
        POST api/v1/datasets/<slug>/imports
        POST api/v1/datasets/<slug>/imports/urls
        POST api/v1/datasets/<slug>/imports/video
        POST api/v1/datasets/<slug>/images/act
        PUT api/v1/datasets/images/<pk>/boxes
        POST api/v1/datasets/images/<pk>/operations
        POST api/v1/datasets/images/<pk>/revisions/<number>/restore
        POST api/v1/datasets/images/<pk>/notes
        PATCH api/v1/datasets/images/<pk>/notes/<number>
        POST api/v1/datasets/images/<pk>/lease
        POST api/v1/datasets/<slug>/queue
        POST datasets/sets/<slug:slug>/review/notes/
        GET api/v1/uploads/<slug>
        POST api/v1/uploads/<slug>
        DELETE api/v1/uploads/<slug>
        POST api/v1/uploads/<slug>/finish
        PATCH api/v1/uploads/file/<pk>
        DELETE api/v1/uploads/file/<pk>
    """,
    Role.REVIEWER: """
        POST datasets/sets/<slug:slug>/review/
        POST datasets/sets/<slug:slug>/changes/<int:pk>/undo/
        POST datasets/sets/<slug:slug>/duplicates/
        POST api/v1/datasets/<slug>/changes/<pk>/undo
        POST api/v1/datasets/<slug>/duplicates/find
        POST api/v1/datasets/<slug>/duplicates/groups
        POST api/v1/datasets/<slug>/duplicates/<pk>
        POST api/v1/datasets/images/<pk>/verdict
        POST api/v1/datasets/<slug>/assign
        GET detections/new/
        POST detections/new/
        GET detections/batches/<int:pk>/send/
        POST detections/batches/<int:pk>/send/
        POST detections/models/<int:pk>/try/
        GET detections/next/<slug:slug>/
        POST detections/next/<slug:slug>/
        GET detections/prelabel/<slug:slug>/
        POST detections/prelabel/<slug:slug>/
        GET detections/evaluations/new/
        POST detections/evaluations/new/
        POST detections/evaluations/<int:pk>/again/
        POST detections/mistakes/
        POST detections/mistakes/<int:pk>/back/
        POST detections/mistakes/suspicions/<int:pk>/
        POST detections/videos/
        POST detections/videos/<int:pk>/frames/
        POST api/v1/detections/prelabel
        POST api/v1/detections/label-next
        POST api/v1/detections/batches
        POST api/v1/detections/batches/upload
        POST api/v1/detections/batches/<int:pk>/send
        POST api/v1/detections/batches/<int:pk>/resume
        POST api/v1/detections/evaluations
        POST api/v1/detections/evaluations/<int:pk>/again
        POST api/v1/detections/mistakes
        POST api/v1/detections/mistakes/suspicions/<int:pk>/answer
        DELETE api/v1/detections/mistakes/suspicions/<int:pk>/answer
        POST api/v1/detections/videos
        POST api/v1/detections/videos/<int:pk>/frames
    """,
    Role.MANAGER: """
        GET team/webhooks/
        POST team/webhooks/
        GET team/webhooks/<int:number>/
        POST team/webhooks/<int:number>/
        GET api/v1/team/webhooks
        POST api/v1/team/webhooks
        GET api/v1/team/webhooks/<int:number>
        PATCH api/v1/team/webhooks/<int:number>
        DELETE api/v1/team/webhooks/<int:number>
        POST api/v1/team/webhooks/<int:number>/ping
        GET api/v1/team/webhooks/<int:number>/deliveries
        POST api/v1/team/webhooks/<int:number>/deliveries/<uuidstr:delivery>/again
        GET team/invitations/
        POST team/invitations/
        POST team/invitations/<int:number>/take-back/
        GET api/v1/team/invitations
        POST api/v1/team/invitations
        DELETE api/v1/team/invitations/<int:number>
        GET team/audit/
        GET team/audit.csv
        GET api/v1/team/audit
        POST datasets/sets/<slug:slug>/classes/
        GET datasets/sets/<slug:slug>/versions/new/
        POST datasets/sets/<slug:slug>/versions/new/
        POST datasets/sets/<slug:slug>/versions/<int:number>/
        POST datasets/sets/<slug:slug>/review/checks/
        POST datasets/sets/<slug:slug>/members/
        PUT api/v1/datasets/<slug>/members/<username>
        DELETE api/v1/datasets/<slug>/members/<username>
        PUT api/v1/datasets/<slug>/team
        POST api/v1/datasets/<slug>/versions
        PATCH api/v1/datasets/<slug>/versions/<number>
        DELETE api/v1/datasets/<slug>/versions/<number>
        POST api/v1/datasets/<slug>/classes
        PUT api/v1/datasets/<slug>/classes/order
        PUT api/v1/datasets/<slug>/classes/label_map
        PATCH api/v1/datasets/<slug>/classes/<pk>
        POST api/v1/datasets/<slug>/classes/<pk>/merge
        POST api/v1/datasets/<slug>/checks
        DELETE api/v1/datasets/<slug>/checks
        POST api/v1/datasets/<slug>/checks/people
        GET training/new/
        POST training/new/
        GET training/new/check/
        POST training/config/
        POST training/trials/
        POST training/configs/
        POST training/runs/<int:pk>/cancel/
        POST training/runs/<int:pk>/finish/
        POST training/runs/<int:pk>/pause/
        POST training/runs/<int:pk>/resume/
        POST training/runs/<int:pk>/extend/
        POST training/runs/<int:pk>/mend/
        POST training/runs/<int:pk>/priority/
        POST training/runs/<int:pk>/pin/
        POST training/runs/<int:pk>/host/
        POST training/models/<int:pk>/alias/
        POST training/models/<int:pk>/describe/
        POST training/models/<int:pk>/export/
        POST detections/models/<int:pk>/loop/
        POST api/v1/training/runs
        POST api/v1/training/trials
        POST api/v1/training/configs
        POST api/v1/training/models/<int:pk>/exports
        POST api/v1/training/runs/<int:pk>/cancel
        POST api/v1/training/runs/<int:pk>/finish
        POST api/v1/training/runs/<int:pk>/pause
        POST api/v1/training/runs/<int:pk>/resume
        POST api/v1/training/runs/<int:pk>/extend
        POST api/v1/training/runs/<int:pk>/mend
        POST api/v1/training/runs/<int:pk>/priority
        POST api/v1/training/runs/<int:pk>/pin
        POST api/v1/training/runs/<int:pk>/host
        PUT api/v1/training/models/<int:pk>/aliases/<name>
        DELETE api/v1/training/models/<int:pk>/aliases/<name>
        PATCH api/v1/training/models/<int:pk>/description
        POST api/v1/detections/mistakes/loop/<int:model>
    """,
    Role.ADMINISTRATOR: """
        GET datasets/sets/<slug:slug>/import/folder/
        POST datasets/sets/<slug:slug>/import/folder/
        GET api/v1/datasets/<slug>/imports/folder
        POST api/v1/datasets/<slug>/imports/folder
        POST training/starts/upload/
        POST training/starts/<str:name>/download/
        POST training/backbones/new/
        POST api/v1/training/backbones
        POST api/v1/training/zoo
        GET team/services/
        POST team/services/
        GET team/services/<str:name>/
        POST team/services/<str:name>/
        GET api/v1/team/services
        POST api/v1/team/services
        GET api/v1/team/people/<str:name>/second-factor
        DELETE api/v1/team/people/<str:name>/second-factor
        GET api/v1/team/services/<str:name>/tokens
        POST api/v1/team/services/<str:name>/tokens
        DELETE api/v1/team/services/<str:name>/tokens/<int:number>
        GET upkeep/
        POST upkeep/
        GET api/v1/upkeep/backups
        POST api/v1/upkeep/backups
        GET api/v1/upkeep/backups/<int:job>
        POST api/v1/upkeep/verifications
        GET api/v1/upkeep/verifications/<int:job>
        POST api/v1/training/zoo/<str:name>/download
    """,
}
#: Parameters of routes that lead to a dataset.
OBJECTS = {"slug", "pk", "model"}
SAFE = ("GET", "HEAD", "OPTIONS")


@cache
def rules() -> dict[tuple[str, str], Role]:
    """Needed roles by method and route."""
    found: dict[tuple[str, str], Role] = {}
    for role, text in TABLE.items():
        for line in text.strip().splitlines():
            method, route = line.partition("#")[0].split()
            found[method, route] = role
    return found


def needed(request: HttpRequest) -> Role:
    """The role this request needs."""
    match = request.resolver_match
    method = "GET" if request.method == "HEAD" else request.method or "GET"
    usual = Role.VIEWER if method in SAFE else Role.MANAGER
    return rules().get((method, match.route), usual) if match else usual


def names_an_object(request: HttpRequest) -> bool:
    """Does the address itself say which dataset, or what that belongs to one, it is about?"""
    return bool(request.resolver_match and set(request.resolver_match.kwargs) & OBJECTS)
