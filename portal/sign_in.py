"""Sign-in through django-allauth. Accounts are made by administrators, never by whoever comes by."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from catalog.actions.record_sign_in import (
    record_failed_sign_in,
    record_sign_in,
    record_sign_out,
)
from catalog.actions.set_password import set_password
from catalog.models import User


class ClosedAccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """No sign-up; who came, went and tried is in the audit log."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Return False: people are invited."""
        return False

    def login(self, request: HttpRequest, user: User) -> None:
        """Sign in. Recorded first: nobody is signed in whose sign-in could not be written down."""
        record_sign_in(user)
        super().login(request, user)

    def logout(self, request: HttpRequest) -> None:
        """Sign out."""
        if isinstance(request.user, User):
            record_sign_out(request.user)
        super().logout(request)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Write down the name that was tried; never the password."""
        tried = credentials.get("username") or credentials.get("email") or ""
        record_failed_sign_in(str(tried))

    def set_password(self, user: User, password: str) -> None:
        """Set the password that somebody chose for themselves."""
        set_password(user, password=password, by=user)
