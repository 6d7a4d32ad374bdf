"""Forms that ask who is there: each counts wrong tries, in the audit trail that all web processes share."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import ReauthenticateForm as PasswordForm
from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from django.contrib.auth.forms import PasswordChangeForm
from django.core.exceptions import ValidationError

from sw_site.team.audit import write_sign_in
from sw_site.team.throttling import FAILED, refuse_too_many


class CodeForm(AuthenticateForm):
    """The code that follows the password at sign-in: of the app, or a recovery code."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        of_the_keyboard(self, "From your authenticator app, or one of your recovery codes.")

    def clean_code(self) -> str:
        refuse_too_many(context.request, self.user.get_username())
        return super().clean_code()


class CodeAgainForm(ReauthenticateForm):
    """The code once more, before something that matters."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        of_the_keyboard(self, "From your authenticator app, or one of your recovery codes.")

    def clean_code(self) -> str:
        refuse_too_many(context.request, self.user.get_username())
        return super().clean_code()


class FirstCodeForm(ActivateTOTPForm):
    """The first code of a new app shows that it has the secret."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        of_the_keyboard(self, "The six figures that the app shows now.")


class PasswordAgainForm(PasswordForm):
    """The password once more, before something that matters."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].widget.attrs = {"autocomplete": "current-password", "autofocus": True}

    def clean_password(self) -> str:
        refuse_too_many(context.request, self.user.get_username())
        return super().clean_password()


class OwnPasswordForm(PasswordChangeForm):
    """A new password, for whoever knows the old one."""

    def clean_old_password(self) -> str:
        request, name = context.request, self.user.get_username()
        refuse_too_many(request, name)
        try:
            return super().clean_old_password()
        except ValidationError:
            write_sign_in(request, name, None, FAILED)
            raise


def of_the_keyboard(form: Any, help_text: str) -> None:
    """Phones show figures, and fill the code in where they know it."""
    field = form.fields["code"]
    field.label, field.help_text = "Code", help_text
    field.widget.attrs = {"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}
