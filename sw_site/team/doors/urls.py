"""Addresses of the doors. The names are django-allauth's, whose views ask for each other by them."""

from allauth.account.views import reauthenticate as password_again
from allauth.mfa.base.views import authenticate, reauthenticate
from allauth.mfa.recovery_codes.views import download_recovery_codes, generate_recovery_codes, view_recovery_codes
from allauth.mfa.totp.views import activate_totp, deactivate_totp
from django.urls import path

from sw_site.team.doors import views

urlpatterns = [
    path("sign-in/code/", authenticate, name="mfa_authenticate"),
    path("sign-in/refused/", views.provider_refused, name="socialaccount_login_cancelled"),
    path("sign-in/with/<str:provider_id>/", views.provider_sign_in, name="openid_connect_login"),
    path("sign-in/with/<str:provider_id>/back/", views.provider_back, name="openid_connect_callback"),
    path("team/ways-in/", views.ways_in, name="mfa_index"),
    path("team/ways-in/password/", views.own_password, name="own-password"),
    path("team/ways-in/app/", activate_totp, name="mfa_activate_totp"),
    path("team/ways-in/app/remove/", deactivate_totp, name="mfa_deactivate_totp"),
    path("team/ways-in/codes/", view_recovery_codes, name="mfa_view_recovery_codes"),
    path("team/ways-in/codes/new/", generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("team/ways-in/codes/download/", download_recovery_codes, name="mfa_download_recovery_codes"),
    path("team/ways-in/again/", password_again, name="account_reauthenticate"),
    path("team/ways-in/again/code/", reauthenticate, name="mfa_reauthenticate"),
    path("team/ways-in/providers/", views.ways_in, name="socialaccount_connections"),
    path("team/ways-in/providers/<int:number>/forget/", views.provider_forget, name="provider-forget"),
]
