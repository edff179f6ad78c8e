"""What people type about erasures, legal holds and retention."""

from django import forms

from audit.privacy.models import ErasureBasis, HoldKind
from catalog.actions.place_hold import LONGEST_REASON


class ErasureForm(forms.Form):
    """Why somebody's data is erased."""

    basis = forms.ChoiceField(
        label="On what basis",
        choices=ErasureBasis.choices,
        help_text="Article 17 of the GDPR. It stands in the receipt.",
    )


class HoldForm(forms.Form):
    """What a legal hold is on, and why."""

    kind = forms.ChoiceField(label="On", choices=HoldKind.choices)
    about = forms.CharField(
        label="Which",
        max_length=200,
        help_text="A user name, the short name of a project, or CR-12.",
    )
    reason = forms.CharField(
        label="Why",
        max_length=LONGEST_REASON,
        help_text="Such as the matter's number. It stays out of the entries of the log.",
    )


class RetentionForm(forms.Form):
    """How long a class of data is kept."""

    days = forms.IntegerField(
        label="Days",
        required=False,
        min_value=0,
        help_text="Leave it empty to keep them without end.",
    )
