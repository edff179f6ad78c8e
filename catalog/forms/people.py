"""What people type about people, roles and teams."""

from typing import Any

from django import forms

from catalog.forms.suggestions import MOST, SuggestingInput
from catalog.models import IdentityKind, User, UserKind
from catalog.permissions import ENVIRONMENT_PERMISSIONS, TITLES, Permission, PortalPermission

PORTAL_TITLES = {
    PortalPermission.ADD_PROJECT: "Create projects",
    PortalPermission.MANAGE_PEOPLE: "Create people, teams and roles, and deactivate people",
    PortalPermission.EDIT_POLICIES: "Write and publish policies",
    PortalPermission.VIEW_WHOLE_AUDIT: "Read the audit log of every project",
    PortalPermission.MANAGE_PRIVACY: "Erase personal data, hold it, and say how long it is kept",
}


class PeopleFilter(forms.Form):
    """Which people a list shows."""

    q = forms.CharField(label="Name", max_length=150, required=False)
    state = forms.ChoiceField(
        label="Account",
        choices=[("", "Active and deactivated"), ("active", "Active"), ("inactive", "Deactivated")],
        required=False,
    )


class PersonForm(forms.Form):
    """Who somebody is."""

    full_name = forms.CharField(label="Full name", max_length=150, required=False)
    email = forms.EmailField(
        label="E-mail address",
        max_length=254,
        required=False,
        help_text="Commits under this address are known as this person's, for good.",
    )
    job_title = forms.CharField(label="Job title", max_length=100, required=False)


class NewPersonForm(PersonForm):
    """A new account."""

    username = forms.CharField(
        label="User name",
        max_length=150,
        help_text="For signing in and for policies that name people. It stays.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    password = forms.CharField(
        label="First password",
        max_length=128,
        required=False,
        strip=False,
        help_text="At least 12 characters. Leave it empty, and the portal makes one and shows it once.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    field_order = ["username", "full_name", "email", "job_title", "password"]


class PasswordForm(forms.Form):
    """A new password for somebody."""

    password = forms.CharField(
        label="New password",
        max_length=128,
        required=False,
        strip=False,
        help_text="At least 12 characters. Leave it empty, and the portal makes one and shows it once.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class IdentityForm(forms.Form):
    """A name under which other systems know a person."""

    kind = forms.ChoiceField(label="Where", choices=IdentityKind.choices)
    value = forms.CharField(label="Name there", max_length=254)


class PortalPermissionsForm(forms.Form):
    """What a person may do on the whole portal."""

    permissions = forms.MultipleChoiceField(
        label="May",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[(name.value.partition(".")[2], title) for name, title in PORTAL_TITLES.items()],
    )


def _verb(permission: Permission) -> tuple[str, str]:
    where = "environment" if permission in ENVIRONMENT_PERMISSIONS else "project"
    return permission.codename, f"{TITLES[permission].capitalize()} ({where})"


class RoleForm(forms.Form):
    """What a role is called and what it may do."""

    title = forms.CharField(label="Title", max_length=100)
    description = forms.CharField(
        label="What it is for",
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    permissions = forms.MultipleChoiceField(
        label="May",
        choices=[_verb(permission) for permission in Permission],
        widget=forms.CheckboxSelectMultiple,
        help_text="Whoever may act must also look at things.",
    )


class NewRoleForm(RoleForm):
    """A new role."""

    slug = forms.CharField(
        label="Name",
        max_length=63,
        help_text="Lower-case letters, digits and hyphens; policies name it in their rules. It stays.",
    )
    field_order = ["slug", "title", "description", "permissions"]


class NewTeamForm(forms.Form):
    """A new team."""

    slug = forms.CharField(
        label="Name", max_length=63, help_text="Lower-case letters, digits and hyphens. It stays."
    )
    name = forms.CharField(label="Title", max_length=100)


class PersonChoice(forms.CharField):
    """A user name, with suggestions."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=150, widget=SuggestingInput, **options)

    def suggest(self, accounts: Any) -> None:
        """Offer these accounts, read when the field is drawn."""
        people = accounts.filter(is_active=True).order_by("username")[:MOST]
        if not isinstance(self.widget, SuggestingInput):
            raise TypeError("A field that suggests keeps its widget.")
        self.widget.suggestions = ((one.username, one.display_name) for one in people)


class TeamMemberForm(forms.Form):
    """Who joins a team."""

    user = PersonChoice(label="Person")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["user"]
        if isinstance(field, PersonChoice):
            field.suggest(User.objects.filter(kind=UserKind.PERSON))

    def clean_user(self) -> User:
        """Return the person."""
        people = User.objects.filter(kind=UserKind.PERSON)
        found = people.filter(username=self.cleaned_data["user"]).first()
        if found is None:
            raise forms.ValidationError("There is no person of that user name.")
        return found
