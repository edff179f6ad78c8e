"""Roles: named sets of verbs, shared by all projects."""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property

from catalog.actions.change_role import change_role
from catalog.actions.create_role import create_role
from catalog.forms.people import NewRoleForm, RoleForm
from catalog.models import Membership, Project, Role
from catalog.permissions import (
    ENVIRONMENT_PERMISSIONS,
    TITLES,
    Permission,
    PortalPermission,
    allowed_portal,
    require_portal,
)
from catalog.views.page import FormPage, Page
from catalog.views.paging import slice_of
from catalog.views.people import people_crumbs, people_tabs


def in_words(role: Role) -> list[str]:
    """Return what the role's holders may do, in the order of the verbs."""
    return [TITLES[one] for one in Permission if one.codename in role.permissions]


class RolesPage(Page):
    """``/people/-/roles/``."""

    template_name = "catalog/roles.html"

    def context(self) -> dict[str, Any]:
        """List the roles by their slug."""
        roles = slice_of(Role.objects.all(), self.request, key="slug")
        return {
            "roles": roles,
            "rows": [(role, in_words(role)) for role in roles.rows],
            "tabs": people_tabs("roles", self.caller),
            "may_manage": allowed_portal(self.caller, PortalPermission.MANAGE_PEOPLE),
        }


class RolePage(Page):
    """``/people/-/roles/<slug>/``: the role and who has it where."""

    template_name = "catalog/role.html"

    @cached_property
    def role(self) -> Role:
        """The role that the address names."""
        return get_object_or_404(Role, slug=self.kwargs["slug"])

    def back(self) -> str:
        """Return the address of this page."""
        return reverse("catalog:role", args=[self.role.slug])

    def context(self) -> dict[str, Any]:
        """Show what the role's holders may do, and who they are in the projects one may see."""
        holders = (
            Membership.objects.filter(role=self.role)
            .filter(project__in=Project.objects.visible_to(self.caller))
            .live()
            .select_related("project", "user", "team")
            .prefetch_related("environments")
        )
        verbs = [one for one in Permission if one.codename in self.role.permissions]
        return {
            "crumbs": people_crumbs("roles"),
            "role": self.role,
            "on_project": [TITLES[one] for one in verbs if one not in ENVIRONMENT_PERMISSIONS],
            "on_environments": [TITLES[one] for one in verbs if one in ENVIRONMENT_PERMISSIONS],
            "holders": slice_of(holders, self.request, descending=True),
            "may_manage": allowed_portal(self.caller, PortalPermission.MANAGE_PEOPLE),
        }


class NewRolePage(FormPage):
    """``/people/-/roles/new/``."""

    template_name = "catalog/role_new.html"
    form_class = NewRoleForm

    def form(self, data: Any = None) -> forms.Form:
        """Begin with what every role needs."""
        return NewRoleForm(data, initial={"permissions": [Permission.VIEW_PROJECT.codename]})

    def context(self) -> dict[str, Any]:
        """Refuse the form to those who may not use it."""
        require_portal(PortalPermission.MANAGE_PEOPLE, self.caller)
        return {"crumbs": people_crumbs("roles")}

    def act(self, fields: dict[str, Any]) -> str | HttpResponse:
        """Create the role."""
        self.created = create_role(**fields, by=self.caller)
        return f"The role {self.created.title} can be given in any project now."

    def back(self) -> str:
        """Go to the new role."""
        return reverse("catalog:role", args=[self.created.slug])


class EditRolePage(FormPage, RolePage):
    """``/people/-/roles/<slug>/edit/``: custom roles only."""

    template_name = "catalog/role_edit.html"
    form_class = RoleForm

    def form(self, data: Any = None) -> forms.Form:
        """Return the form with what the role is."""
        known = {name: getattr(self.role, name) for name in RoleForm.base_fields}
        return RoleForm(data, initial=known)

    def context(self) -> dict[str, Any]:
        """Refuse the form to those who may not use it."""
        require_portal(PortalPermission.MANAGE_PEOPLE, self.caller)
        return {
            "crumbs": [*people_crumbs("roles"), (self.role.title, self.back())],
            "role": self.role,
        }

    def act(self, fields: dict[str, Any]) -> str:
        """Change the role for everybody who has it."""
        role = change_role(self.role, **fields, by=self.caller)
        return f"The role {role.title} is changed, for everybody who has it."
