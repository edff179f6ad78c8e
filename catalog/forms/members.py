"""What people type about members, machines and tokens."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django import forms
from django.db.models import Q
from django.utils import timezone

from catalog.forms.people import PersonChoice
from catalog.models import (
    Environment,
    Project,
    Role,
    Team,
    TokenScope,
    User,
    UserKind,
)

VALID_FOR = [(7, "7 days"), (30, "30 days"), (90, "90 days"), (180, "180 days"), (365, "365 days")]


class GiveRoleForm(forms.Form):
    """Who gets which role, where and until when."""

    user = PersonChoice(label="Person or machine", required=False)
    team = forms.ModelChoiceField(
        Team.objects.all(), label="Or a team", required=False, empty_label="No team"
    )
    role = forms.ModelChoiceField(Role.objects.all(), label="Role", empty_label="Choose a role")
    environments = forms.ModelMultipleChoiceField(
        Environment.objects.none(),
        label="Only on",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="None chosen means all of them, later ones too.",
    )
    expires_at = forms.DateField(
        label="Last day",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="The role ends by itself after this day (UTC).",
    )

    def __init__(self, project: Project, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        environments = self.fields["environments"]
        if isinstance(environments, forms.ModelMultipleChoiceField):
            environments.queryset = project.environments.order_by("position")
        self.accounts = User.objects.filter(
            Q(kind=UserKind.PERSON) | Q(service_account__project=project)
        )
        user = self.fields["user"]
        if isinstance(user, PersonChoice):
            user.suggest(self.accounts)

    def clean_user(self) -> User | None:
        """Return the account, if one was named."""
        typed = self.cleaned_data["user"]
        if not typed:
            return None
        found = self.accounts.filter(username=typed).first()
        if found is None:
            raise forms.ValidationError(
                "There is no person, and no machine of this project, of that user name."
            )
        return found

    def clean_expires_at(self) -> datetime | None:
        """Return the end of that day."""
        day: date | None = self.cleaned_data["expires_at"]
        if day is None:
            return None
        if day >= date.max - timedelta(days=1):
            raise forms.ValidationError("Choose an earlier day.")
        return datetime.combine(day + timedelta(days=1), time(), UTC)


class NewServiceAccountForm(forms.Form):
    """A new machine."""

    username = forms.CharField(
        label="User name",
        max_length=63,
        help_text="Lower-case letters, digits and hyphens; no other account has it. It stays.",
    )
    description = forms.CharField(
        label="What it does",
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class NewTokenForm(forms.Form):
    """A new token."""

    name = forms.CharField(label="What it is for", max_length=100)
    scopes = forms.MultipleChoiceField(
        label="It opens, at most",
        choices=TokenScope.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text="Roles decide what its account may do; scopes only narrow that.",
    )
    days = forms.TypedChoiceField(label="Valid for", choices=VALID_FOR, coerce=int, initial=90)

    def __init__(self, account: User, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        scopes = self.fields["scopes"]
        if isinstance(scopes, forms.MultipleChoiceField) and not account.is_person:
            scopes.choices = [one for one in TokenScope.choices if one[0] != TokenScope.APPROVE]

    def clean(self) -> dict[str, Any]:
        """Add the moment at which it ends."""
        fields = super().clean() or self.cleaned_data
        if days := fields.pop("days", None):
            fields["expires_at"] = timezone.now() + timedelta(days=days)
        return fields
