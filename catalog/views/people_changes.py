"""What may be done about people, each on its own address."""

import secrets
from http import HTTPStatus
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from catalog.actions.add_identity import add_identity
from catalog.actions.change_person import change_person
from catalog.actions.create_person import create_person
from catalog.actions.deactivate_person import deactivate_person
from catalog.actions.reactivate_person import reactivate_person
from catalog.actions.remove_identity import remove_identity
from catalog.actions.set_password import set_password
from catalog.actions.set_portal_permissions import set_portal_permissions
from catalog.forms.people import (
    IdentityForm,
    NewPersonForm,
    PasswordForm,
    PersonForm,
    PortalPermissionsForm,
)
from catalog.models import Identity, User
from catalog.permissions import PortalPermission, require_portal
from catalog.standing import require_superuser
from catalog.views.page import Deed, FormPage
from catalog.views.people import PersonPage, people_crumbs


class NewPersonPage(FormPage):
    """``/people/-/new/``."""

    template_name = "catalog/person_new.html"
    form_class = NewPersonForm

    def context(self) -> dict[str, Any]:
        """Refuse the form to those who may not use it."""
        require_portal(PortalPermission.MANAGE_PEOPLE, self.caller)
        return {"crumbs": people_crumbs()}

    def act(self, fields: dict[str, Any]) -> str | HttpResponse:
        """Create the account; a password that the portal made is shown in this answer only."""
        typed = fields.pop("password")
        made = "" if typed else new_password()
        person = create_person(**fields, password=typed or made, by=self.caller)
        if made:
            return password_once(self.request, person, made, HTTPStatus.CREATED)
        self.created = person
        return f"{person.display_name} can sign in now. Give them a role in a project next."

    def back(self) -> str:
        """Go to the new person."""
        return reverse("catalog:person", args=[self.created.username])


class EditPersonPage(FormPage, PersonPage):
    """``/people/<username>/edit/``: oneself, or whom one manages."""

    template_name = "catalog/person_edit.html"
    form_class = PersonForm

    def form(self, data: Any = None) -> forms.Form:
        """Return the form with what is known."""
        known = {name: getattr(self.person, name) for name in PersonForm.base_fields}
        return PersonForm(data, initial=known)

    def context(self) -> dict[str, Any]:
        """Refuse the form to those who may not use it."""
        if self.person.pk != self.caller.pk:
            require_portal(PortalPermission.MANAGE_PEOPLE, self.caller)
        return {
            "crumbs": [*people_crumbs(), (self.person.display_name, self.back())],
            "person": self.person,
        }

    def act(self, fields: dict[str, Any]) -> str:
        """Change what differs."""
        person = change_person(self.person, **fields, by=self.caller)
        return f"{person.display_name} is up to date."


class SetPasswordPage(FormPage, PersonPage):
    """``/people/<username>/password/``: for superusers, when somebody lost theirs."""

    template_name = "catalog/person_password.html"
    form_class = PasswordForm

    def context(self) -> dict[str, Any]:
        """Refuse the form to those who may not use it."""
        require_superuser(self.caller, "set somebody else's password")
        return {
            "crumbs": [*people_crumbs(), (self.person.display_name, self.back())],
            "person": self.person,
        }

    def act(self, fields: dict[str, Any]) -> str | HttpResponse:
        """Set it; one that the portal made is shown in this answer only."""
        typed = fields["password"]
        made = "" if typed else new_password()
        set_password(self.person, password=typed or made, by=self.caller)
        if made:
            return password_once(self.request, self.person, made, HTTPStatus.OK)
        return f"{self.person.display_name} has a new password."


class DeactivatePerson(Deed, PersonPage):
    """``/people/<username>/deactivate/``."""

    def act(self, fields: dict[str, Any]) -> str:
        """Deactivate the account."""
        deactivate_person(self.person, by=self.caller)
        return (
            f"The account of {self.person.display_name} is deactivated and its tokens are revoked."
        )


class ReactivatePerson(Deed, PersonPage):
    """``/people/<username>/reactivate/``."""

    def act(self, fields: dict[str, Any]) -> str:
        """Let the account act again."""
        reactivate_person(self.person, by=self.caller)
        return (
            f"{self.person.display_name} can sign in again, with the roles that are still in force."
        )


class AddIdentity(Deed, PersonPage):
    """``/people/<username>/identities/``."""

    form_class = IdentityForm
    form_name = "identity_form"

    def act(self, fields: dict[str, Any]) -> str:
        """Note under which name another system knows the person."""
        add_identity(self.person, **fields, by=self.caller)
        return f"{self.person.display_name} is now also known as {fields['value']}."


class RemoveIdentity(Deed, PersonPage):
    """``/people/<username>/identities/<pk>/remove/``."""

    def act(self, fields: dict[str, Any]) -> str:
        """Remove what was noted for the wrong person."""
        if self.person.pk != self.caller.pk:  # which identities there are is told to nobody else
            require_portal(PortalPermission.MANAGE_PEOPLE, self.caller)
        identity = get_object_or_404(Identity, user=self.person, pk=self.kwargs["pk"])
        value = identity.value
        remove_identity(identity, by=self.caller)
        return f"{self.person.display_name} is no longer known as {value}."


class SetPortalPermissions(Deed, PersonPage):
    """``/people/<username>/portal-permissions/``."""

    form_class = PortalPermissionsForm
    form_name = "permissions_form"

    def act(self, fields: dict[str, Any]) -> str:
        """Let the person hold exactly these."""
        set_portal_permissions(self.person, permissions=fields["permissions"], by=self.caller)
        return f"The portal permissions of {self.person.display_name} are as you chose."


def new_password() -> str:
    """Return a password of 120 random bits."""
    return secrets.token_urlsafe(15)


def password_once(request: HttpRequest, person: User, password: str, status: int) -> HttpResponse:
    """Show a password that nobody will see again."""
    shown = {"crumbs": people_crumbs(), "person": person, "password": password}
    response = render(request, "catalog/person_password_once.html", shown, status=status)
    response["Cache-Control"] = "no-store"
    return response
