"""A field that offers accounts by what they may do in a project."""

from typing import Any

from django import forms
from django.db.models import QuerySet

from catalog.models import Project, ProjectUserObjectPermission, User
from catalog.permissions import Permission


class AccountField(forms.ModelChoiceField):  # type: ignore[type-arg]  # not subscriptable at run time
    """One of some accounts, by the name it is known by. The form says which when it knows the project."""

    def __init__(self, **options: Any) -> None:
        super().__init__(User.objects.none(), **options)

    def label_from_instance(self, obj: Any) -> str:
        """Return the name."""
        name: str = obj.display_name
        return name


def holders_of(permission: Permission, project: Project) -> "QuerySet[User]":
    """Return the accounts to which the project gives the permission."""
    granted = ProjectUserObjectPermission.objects.with_permission(permission.codename)
    return User.objects.filter(
        pk__in=granted.filter(content_object=project).values("user_id"),
    )


def offer(field: forms.Field, accounts: "QuerySet[User]") -> None:
    """Let the form's own copy of an ``AccountField`` offer these."""
    if isinstance(field, AccountField):
        field.queryset = accounts
