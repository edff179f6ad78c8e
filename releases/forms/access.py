"""The forms of access reviews."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django import forms

from catalog.models import Project, User
from catalog.permissions import Permission
from releases.forms.holders import AccountField, holders_of, offer


class OpenReviewForm(forms.Form):
    """Who is to review access, and until when."""

    owner = AccountField(
        label="Who signs it",
        help_text="One of those who may give and take roles here.",
    )
    due_at = forms.DateField(
        label="Until",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Two weeks from now unless you say otherwise.",
    )

    def __init__(self, project: Project, data: Any = None) -> None:
        super().__init__(data)
        superusers = User.objects.filter(is_superuser=True, is_active=True)
        managers = holders_of(Permission.MANAGE_MEMBERS, project) | superusers
        offer(self.fields["owner"], managers.order_by("username"))

    def clean_due_at(self) -> datetime | None:
        """Return the end of that day, UTC."""
        day: date | None = self.cleaned_data["due_at"]
        if day is None:
            return None
        if day >= date.max:
            raise forms.ValidationError("Choose another day.")
        return datetime.combine(day + timedelta(days=1), time(), UTC)


class SignReviewForm(forms.Form):
    """The owner's signature."""

    digest = forms.CharField(max_length=71, widget=forms.HiddenInput)
    comment = forms.CharField(
        label="Comment",
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
