"""People, in the site's settings. What django-allauth keeps is not shown there: secrets are in it."""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.db.models import QuerySet
from django.http import HttpRequest

from sw_site.accounts.models import User


@admin.register(User)
class PeopleAdmin(UserAdmin):
    list_display = ("username", "email", "first_name", "last_name", "is_staff", "is_active", "second_factor")
    actions = ("take_second_factor_away",)

    @admin.display(boolean=True, description="Second factor")
    def second_factor(self, user: User) -> bool:
        return Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists()

    @admin.action(description="Take the second factor away (the app and the recovery codes are lost)")
    def take_second_factor_away(self, request: HttpRequest, people: QuerySet[User]) -> None:
        Authenticator.objects.filter(user__in=people).delete()
        names = ", ".join(people.values_list("username", flat=True))
        self.message_user(request, f"These sign in with the password alone again: {names}.")


for model in (EmailAddress, Authenticator, SocialAccount, SocialApp, SocialToken):
    if admin.site.is_registered(model):
        admin.site.unregister(model)
