"""Forms about targets and deployments. What the actions check is left to them."""

from collections.abc import Iterable
from typing import Any, Final

from django import forms
from django.contrib.postgres.forms import SimpleArrayField

from catalog.models import Artifact
from deployments.clients.cluster import WorkloadKind
from deployments.clients.serving import ServingMode
from deployments.lineage.states import LONGEST
from deployments.models import Cluster, Executor
from deployments.results import LONGEST_COMMENT, Result

PLAIN_TEXT: Final = {"autocapitalize": "off", "spellcheck": "false"}


class DataForm(forms.Form):
    """Which data somebody wants to know about."""

    q = forms.CharField(
        required=False,
        max_length=LONGEST,
        label="Digest or name of a data set",
        widget=forms.TextInput(attrs=PLAIN_TEXT),
    )


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
    """Where an artifact runs: a container runs an image, an InferenceService serves a model."""

    artifact = forms.TypedChoiceField(
        coerce=int, help_text="A container image or a model of the project."
    )
    workload_kind = forms.ChoiceField(
        choices=[
            (str(WorkloadKind.DEPLOYMENT), "Deployment: a container runs an image"),
            (str(WorkloadKind.INFERENCE_SERVICE), "InferenceService: KServe serves a model"),
        ],
        help_text="Only the fields of what you choose here are kept.",
    )
    workload = forms.CharField(
        max_length=63,
        help_text="Its name in the cluster.",
        widget=forms.TextInput(attrs=PLAIN_TEXT),
    )
    container = forms.CharField(
        required=False,
        max_length=63,
        help_text="For a Deployment: whose image is set.",
        widget=forms.TextInput(attrs=PLAIN_TEXT),
    )
    replicas = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=1000,
        help_text="Of a Deployment, used when it does not exist yet; of a model, the fewest at any time.",
    )
    adopt = forms.BooleanField(
        required=False,
        label="Take the image or model over from another manager",
        help_text="For a workload that kubectl or Helm set up first.",
    )
    model_format = forms.CharField(
        required=False,
        max_length=40,
        help_text="For a model: KServe's name, such as sklearn; empty: as the model's flavours say.",
        widget=forms.TextInput(attrs=PLAIN_TEXT),
    )
    runtime = forms.CharField(
        required=False,
        max_length=63,
        label="Serving runtime",
        help_text="For a model; empty: KServe chooses one for the format.",
        widget=forms.TextInput(attrs=PLAIN_TEXT),
    )
    serving_mode = forms.ChoiceField(
        required=False,
        choices=[
            (str(ServingMode.STANDARD), "Standard: a Deployment, with a canary beside it"),
            (str(ServingMode.KNATIVE), "Knative: revisions that share the requests"),
        ],
        help_text="For a model. It cannot change once the service is there.",
    )
    canary_percents = SimpleArrayField(
        forms.IntegerField(min_value=1, max_value=99),
        required=False,
        label="Canary, in percent of the requests",
        help_text="For a model: such as 10, 50. Empty: a new model gets all requests at once.",
    )
    canary_hold_seconds = forms.IntegerField(
        required=False,
        min_value=0,
        label="Seconds that each part is held",
        help_text="For a canary; 60 if you say nothing.",
    )

    def __init__(
        self, data: Any = None, *, artifacts: Iterable[Artifact] = (), **options: Any
    ) -> None:
        super().__init__(data, **options)
        field = self.fields["artifact"]
        if isinstance(field, forms.TypedChoiceField):
            field.choices = [
                (each.pk, f"{each.name} ({each.get_kind_display().lower()})") for each in artifacts
            ]


class AttestForm(forms.Form):
    """How a deployment by hand went."""

    result = forms.ChoiceField(choices=Result, widget=forms.RadioSelect)
    comment = forms.CharField(
        required=False,
        max_length=LONGEST_COMMENT,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="What you did; a failure needs a reason.",
    )
