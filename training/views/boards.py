"""TensorBoard behind the site's own sign-in."""

from __future__ import annotations

from csp.decorators import csp_exempt
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from sw_site.lib.errors import UserError
from training.boards import ask, board_of, open_board
from training.http import SignedInRequest
from training.models import Run

#: Of what a browser sends, what TensorBoard needs.
SENT_ON = ("Accept", "Accept-Encoding", "Content-Type", "X-TensorBoard-Feature-Flags")


@require_POST
def board_open(request: SignedInRequest) -> HttpResponse:
    """Opens a TensorBoard of the runs named in `run`, one or several."""
    numbers = [int(text) for text in request.POST.getlist("run") if text.isascii() and text.isdecimal()]
    runs = list(Run.objects.visible_to(request.user).filter(pk__in=numbers[:50]))
    try:
        board = open_board(runs)
    except UserError as error:
        messages.warning(request, error.message)
        return redirect(runs[0] if runs else reverse("training:run-list"))
    return redirect(f"{board.prefix}/")


@csrf_exempt  # TensorBoard asks some of its questions by POST; none of them changes anything
@csp_exempt()  # type: ignore[arg-type]  # it brings its own policy
@require_http_methods(["GET", "HEAD", "POST"])
def board(request: SignedInRequest, key: str, path: str = "") -> HttpResponse:
    """One request to a TensorBoard, passed on for people who may see its runs."""
    found = board_of(key)
    if found is None or not may_see(request, found.runs):
        raise Http404("There is no TensorBoard at this address any more. Open it again from a run's page.")
    headers = {name: value for name in SENT_ON if (value := request.headers.get(name))}
    try:
        answer = ask(found, request.method or "GET", request.get_full_path(), request.body, headers)
    except OSError:
        found.note.unlink(missing_ok=True)
        raise Http404("This TensorBoard has ended. Open it again from a run's page.") from None
    return HttpResponse(answer.body, status=answer.status, headers=answer.headers)


def may_see(request: SignedInRequest, numbers: tuple[int, ...]) -> bool:
    return Run.objects.visible_to(request.user).filter(pk__in=numbers).count() == len(numbers)
