"""Forms about targets and deployments. What the actions check is left to them."""

from collections.abc import Iterable
from typing import Any, Final

from django import forms

from catalog.models import Artifact
from deployments.clients.cluster import WorkloadKind
from deployments.models import Cluster, Executor
from deployments.results import LONGEST_COMMENT, Result

PLAIN_TEXT: Final = {"autocapitalize": "off", "spellcheck": "false"}


class TargetForm(forms.Form):
    """How an environment is reached."""

    executor = forms.ChoiceField(
        choices=Executor,
        label="Who does the work",
        help_text="Only the fields of what you choose here are kept.",
    )
    cluster = forms.TypedChoiceField(
        coerce=int, required=False, empty_value=None, help_text="For Kubernetes."
    )
    namespace = forms.CharField(
        required=False,
        max_length=63,
        help_text="For Kubernetes: where the workloads are.",
        widget=forms.TextInput(attrs=PLAIN_TEXT),
    )
    webhook_url = forms.URLField(
        required=False,
        max_length=500,
        assume_scheme="https",
        label="Webhook address",
        help_text="For a webhook: where the signed request goes.",
    )
    webhook_secret = forms.CharField(
        required=False,
        max_length=100,
        label="Webhook secret",
        help_text="For a webhook: the name of the file with the signing secret, never the secret.",
        widget=forms.TextInput(attrs=PLAIN_TEXT),
    )
    timeout_seconds = forms.IntegerField(
        initial=600,
        min_value=1,
        label="Seconds that an attempt may take",
        help_text="After that it has failed.",
    )

    def __init__(
        self, data: Any = None, *, clusters: Iterable[Cluster] = (), **options: Any
    ) -> None:
        super().__init__(data, **options)
        field = self.fields["cluster"]
        if isinstance(field, forms.TypedChoiceField):
            field.choices = [("", "none"), *((each.pk, each.name) for each in clusters)]


class BindingForm(forms.Form):
    """Which container runs an artifact."""

    artifact = forms.TypedChoiceField(coerce=int, help_text="A container image of the project.")
    workload_kind = forms.ChoiceField(choices=[(str(each), str(each)) for each in WorkloadKind])
    workload = forms.CharField(
        max_length=63,
        help_text="Its name in the cluster.",
        widget=forms.TextInput(attrs=PLAIN_TEXT),
    )
    container = forms.CharField(
        max_length=63,
        help_text="Whose image is set.",
        widget=forms.TextInput(attrs=PLAIN_TEXT),
    )
    replicas = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=1000,
        help_text="Only used when the workload does not exist yet.",
    )
    adopt = forms.BooleanField(
        required=False,
        label="Take the image over from another manager",
        help_text="For a workload that kubectl or Helm set up first.",
    )

    def __init__(
        self, data: Any = None, *, artifacts: Iterable[Artifact] = (), **options: Any
    ) -> None:
        super().__init__(data, **options)
        field = self.fields["artifact"]
        if isinstance(field, forms.TypedChoiceField):
            field.choices = [(each.pk, each.name) for each in artifacts]


class AttestForm(forms.Form):
    """How a deployment by hand went."""

    result = forms.ChoiceField(choices=Result, widget=forms.RadioSelect)
    comment = forms.CharField(
        required=False,
        max_length=LONGEST_COMMENT,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="What you did; a failure needs a reason.",
    )
