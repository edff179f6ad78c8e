"""What people type about policies."""

import io
import json
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from django import forms
from django.db.models import QuerySet

from catalog.models import Environment
from releases.parsers.errors import EvidenceRejected
from releases.parsers.strict_json import read_json
from releases.policy_document.in_words import laid_out

LONGEST_DOCUMENT: Final = 200_000
"""Characters: more than fifty gates with long texts take."""

STARTING_DOCUMENT: Final = Path(__file__).parent.parent / "starting_policy.json"


def pretty(document: Any) -> str:
    """Return the document as people edit it."""
    return json.dumps(laid_out(document), indent=2, ensure_ascii=False)


class NewPolicyForm(forms.Form):
    """A new policy, without a version yet."""

    name = forms.CharField(
        label="Name", max_length=63, help_text="Lower-case letters, digits and hyphens. It stays."
    )
    title = forms.CharField(label="Title", max_length=100)


class DocumentForm(forms.Form):
    """A policy document as JSON."""

    document = forms.CharField(
        label="Document",
        strip=False,
        max_length=LONGEST_DOCUMENT,
        widget=forms.Textarea(
            attrs={"rows": 32, "class": "gh-mono gh-editor", "spellcheck": "false", "wrap": "off"}
        ),
    )

    def clean_document(self) -> Any:
        """Return the document; what is no JSON is said with line and column."""
        raw = self.cleaned_data["document"].encode(errors="replace")
        try:
            return read_json(io.BytesIO(raw), limit=4 * LONGEST_DOCUMENT)
        except EvidenceRejected as error:
            raise forms.ValidationError(
                "$: " + str(error).replace("The report", "The document")
            ) from None


class ActivateForm(forms.Form):
    """Where a version is put in force."""

    environment = forms.ModelChoiceField(
        Environment.objects.none(), label="Environment", empty_label="Choose an environment"
    )

    def __init__(
        self,
        data: Any = None,
        *,
        visible: "QuerySet[Environment]",
        offered: "QuerySet[Environment]",
    ) -> None:
        """Offer some environments; what is visible and not offered is left to the action to refuse."""
        super().__init__(data)
        field = self.fields["environment"]
        if isinstance(field, forms.ModelChoiceField):
            places = offered.select_related("project").order_by("project__slug", "position")
            field.queryset = visible.select_related("project")
            field.choices = [
                ("", "Choose an environment"),
                *(
                    (project, [(place.pk, place.name) for place in group])
                    for project, group in groupby(places, lambda place: place.project.name)
                ),
            ]


class CompareForm(forms.Form):
    """Which two versions are compared."""

    old = forms.IntegerField(min_value=1, max_value=2**31 - 1)
    new = forms.IntegerField(min_value=1, max_value=2**31 - 1)
