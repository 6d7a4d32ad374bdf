from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.contrib.auth import views as auth_views
from django.urls import include, path

from sw_site import pages
from sw_site.api import api_urls
from sw_site.team.signing import SignInView
from sw_site.upkeep.views import upkeep

#: One door: it asks for the second factor.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
sign_in = SignInView.as_view()

urlpatterns = [
    path("", pages.home, name="home"),
    path("search/", pages.search, name="search"),
    path("sign-in/", sign_in, name="account_login"),
    path("sign-in/", sign_in, name="login"),
    path("", include("sw_site.team.doors.urls")),
    path("sign-out/", auth_views.LogoutView.as_view(), name="logout"),
    path("datasets/", include("datasets.urls")),
    path("training/", include("training.urls")),
    path("detections/", include("detections.urls")),
    path("jobs/", include("sw_site.jobs.urls")),
    path("team/", include("sw_site.team.urls")),
    path("upkeep/", upkeep, name="upkeep"),
    path("admin/", admin.site.urls),
    path("api/v1/", api_urls()),
]

handler500 = "sw_site.outages.handler500"
