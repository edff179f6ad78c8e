"""The forms of access reviews."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django import forms

from catalog.models import Project, ProjectUserObjectPermission, User
from catalog.permissions import Permission


class _People(forms.ModelChoiceField):  # type: ignore[type-arg]  # not subscriptable at run time
    """People by the names they are known by."""

    def label_from_instance(self, obj: Any) -> str:
        """Return the name."""
        name: str = obj.display_name
        return name


class OpenReviewForm(forms.Form):
    """Who is to review access, and until when."""

    owner = _People(
        User.objects.none(),
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
        held = ProjectUserObjectPermission.objects.with_permission(
            Permission.MANAGE_MEMBERS.codename
        ).filter(content_object=project)
        people = User.objects.filter(pk__in=held.values("user_id"))
        superusers = User.objects.filter(is_superuser=True, is_active=True)
        owner = self.fields["owner"]
        if isinstance(owner, forms.ModelChoiceField):
            owner.queryset = (people | superusers).order_by("username")

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
