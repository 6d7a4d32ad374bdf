"""Pages of webhooks: the list, and one with its log of deliveries."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from datasets.models import Dataset
from sw_site.accounts.roles import Role
from sw_site.lib.errors import UserError
from sw_site.lib.events import EVENTS
from sw_site.team.webhook_models import Webhook
from sw_site.team.webhooks.managing import make_webhook, send_again, try_out

ROWS = 50


class WebhookForm(forms.Form):
    url = forms.CharField(max_length=2000, label="Address", help_text="https://… of a public machine.")
    dataset = forms.ModelChoiceField(Dataset.objects.none(), to_field_name="slug")
    events = forms.MultipleChoiceField(
        choices=[(event, f"{event}: {words}") for event, words in EVENTS.items()],
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["dataset"]
        field.queryset = Dataset.objects.open_to(user, Role.MANAGER)
        field.required = not user.is_staff
        field.empty_label = "All datasets" if user.is_staff else None


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def webhook_list(request: HttpRequest) -> HttpResponse:
    """POST makes one and shows its secret, this once."""
    user: Any = request.user
    form = WebhookForm(request.POST if request.method == "POST" else None, user=user)
    made = None
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            made = make_webhook(data["dataset"], data["url"], data["events"], user)
            form = WebhookForm(user=user)
        except UserError as error:
            form.add_error("url", error.message)
    hooks = Webhook.objects.open_to(user).select_related("dataset")
    context = {"form": form, "made": made, "hooks": hooks}
    return TemplateResponse(request, "team/webhook_list.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def webhook_detail(request: HttpRequest, number: int) -> HttpResponse:
    hook = get_object_or_404(Webhook.objects.open_to(request.user).select_related("dataset"), pk=number)
    if request.method == "POST":
        return change(request, hook)
    page = Paginator(hook.deliveries.all(), ROWS).get_page(request.GET.get("page"))
    return TemplateResponse(request, "team/webhook_detail.html", {"hook": hook, "page_obj": page})


def change(request: HttpRequest, hook: Webhook) -> HttpResponse:
    action = request.POST.get("action")
    if action == "remove":
        hook.delete()
        messages.success(request, "The webhook is gone; its address is told of nothing any more.")
        return redirect("team:webhook-list")
    if action == "try":
        try_out(hook)
        messages.info(request, "A ping is on its way; the log shows what became of it.")
    elif action in ("switch_on", "switch_off"):
        Webhook.objects.filter(pk=hook.pk).update(active=action == "switch_on")
        messages.success(request, "The webhook is on." if action == "switch_on" else "The webhook is off.")
    elif action == "again":
        chosen = request.POST.get("delivery", "")
        delivery = next((one for one in hook.deliveries.all()[:1000] if str(one.pk) == chosen), None)
        if delivery:
            send_again(delivery)
            messages.info(request, "It is sent once more.")
    return redirect("team:webhook-detail", hook.pk)
