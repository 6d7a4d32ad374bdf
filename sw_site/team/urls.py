from django.urls import path

from sw_site.team import audit_views, invitation_views, token_views, webhook_views

app_name = "team"

urlpatterns = [
    path("webhooks/", webhook_views.webhook_list, name="webhook-list"),
    path("webhooks/<int:number>/", webhook_views.webhook_detail, name="webhook-detail"),
    path("audit/", audit_views.audit_list, name="audit-list"),
    path("audit.csv", audit_views.audit_csv, name="audit-csv"),
    path("invitations/", invitation_views.invitation_list, name="invitation-list"),
    path("invitations/<int:number>/take-back/", invitation_views.invitation_take_back, name="invitation-take-back"),
    path("join/", invitation_views.join, name="join"),
    path("tokens/", token_views.token_list, name="token-list"),
    path("tokens/<int:number>/revoke/", token_views.token_revoke, name="token-revoke"),
    path("services/", token_views.service_list, name="service-list"),
    path("services/<str:name>/", token_views.service_detail, name="service-detail"),
]
