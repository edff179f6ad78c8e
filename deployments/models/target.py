"""How an environment is reached."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models

from catalog.models import Artifact, Environment

DNS_LABEL = RegexValidator(
    r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z",
    "Use 1 to 63 lower-case letters, digits and hyphens; the first and last a letter or digit.",
)
DNS_NAME = RegexValidator(
    r"^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?\Z",
    "Use 1 to 63 lower-case letters, digits, dots and hyphens, as Kubernetes names its workloads.",
)
FILE_NAME = RegexValidator(
    r"^[A-Za-z0-9]([A-Za-z0-9._-]{0,98}[A-Za-z0-9])?\Z",
    "Use the plain name of a file: letters, digits, dots, hyphens and underscores.",
)
MOST_REPLICAS = 1000
DEPLOYMENT, INFERENCE_SERVICE = "Deployment", "InferenceService"


class Cluster(models.Model):
    """A Kubernetes API server. The operator mounts its credentials as files; they are named here only."""

    name = models.CharField(max_length=63, unique=True, validators=[DNS_LABEL])
    server = models.URLField(max_length=300, blank=True)
    """The API server's address; empty: as the kubeconfig or the pod's own service account says."""
    credentials = models.CharField(max_length=100, blank=True, validators=[FILE_NAME])
    """File in KUBERNETES_CREDENTIALS_DIR: a kubeconfig or a bearer token; empty: in-cluster."""
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def audit_stream(self) -> str:
        """The stream of events about the cluster's entry."""
        return f"cluster/{self.pk}"

    @property
    def audit_object(self) -> dict[str, Any]:
        """Its identity in an entry."""
        return {"type": "cluster", "id": self.pk, "label": self.name}

    @property
    def audit_project(self) -> None:
        """Clusters are shared by all projects."""
        return


class Executor(models.TextChoices):
    """Who does the work."""

    KUBERNETES = "kubernetes", "Kubernetes"
    WEBHOOK = "webhook", "Webhook"
    MANUAL = "manual", "By hand"


class Target(models.Model):
    """The one way in which an environment is reached."""

    environment = models.OneToOneField(Environment, models.PROTECT, related_name="target")
    executor = models.CharField(max_length=10, choices=Executor)
    cluster = models.ForeignKey(
        Cluster, models.PROTECT, null=True, blank=True, related_name="targets"
    )
    namespace = models.CharField(max_length=63, blank=True, validators=[DNS_LABEL])
    webhook_url = models.URLField(max_length=500, blank=True)
    webhook_secret = models.CharField(max_length=100, blank=True, validators=[FILE_NAME])
    """Name of the file in settings.WEBHOOK_SECRETS_DIR that holds the signing secret."""
    timeout_seconds = models.PositiveIntegerField(default=600)
    revision = models.PositiveIntegerField(default=1)
    """Counts changes of the target and its bindings; part of what approvers sign."""

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(executor__in=Executor.values), name="target_executor_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.environment} by {self.get_executor_display()}"

    @property
    def audit_stream(self) -> str:
        """Events about the target belong to its environment."""
        return self.environment.audit_stream

    @property
    def audit_object(self) -> dict[str, Any]:
        """Its identity in an entry."""
        label = f"target of {self.environment.audit_object['label']}"
        return {"type": "target", "id": self.pk, "label": label}

    @property
    def audit_project(self) -> str:
        """The project's slug."""
        return self.environment.project.slug


class WorkloadBinding(models.Model):
    """Which workload runs an artifact: a container an image, an InferenceService a model."""

    target = models.ForeignKey(Target, models.PROTECT, related_name="bindings")
    artifact = models.ForeignKey(Artifact, models.PROTECT, related_name="+")
    workload_kind = models.CharField(max_length=40, default=DEPLOYMENT)
    workload = models.CharField(max_length=63, validators=[DNS_NAME])
    container = models.CharField(max_length=63, blank=True, validators=[DNS_LABEL])
    """Empty for an InferenceService."""
    replicas = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MaxValueValidator(MOST_REPLICAS)]
    )
    """Of a Deployment, only used when it does not exist yet; of an InferenceService, ``minReplicas``."""
    adopt = models.BooleanField(default=False)
    """Whether the image may be taken from another field manager (``kubectl``, Helm) that set it first."""
    model_format = models.CharField(max_length=40, blank=True, validators=[DNS_LABEL])
    """KServe's name, such as ``sklearn``; empty: as the model's flavours say."""
    runtime = models.CharField(max_length=63, blank=True, validators=[DNS_NAME])
    """A serving runtime of the cluster; empty: KServe chooses."""
    serving_mode = models.CharField(max_length=10, default="Standard")
    """KServe's: ``Standard`` or ``Knative``; cannot change once the service is there."""
    canary_percents = ArrayField(models.PositiveSmallIntegerField(), default=list, blank=True)
    """The parts of the traffic that a new model gets, one after the other; none: all at once."""
    canary_hold_seconds = models.PositiveIntegerField(default=60)
    """How long each of these parts is held."""

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["target", "workload_kind", "workload", "container"],
                name="one_artifact_per_container",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.artifact} → {self.place}"

    @property
    def serves_a_model(self) -> bool:
        """Whether it is an InferenceService."""
        return self.workload_kind == INFERENCE_SERVICE

    @property
    def place(self) -> str:
        """Where the artifact runs, as people read it."""
        if self.serves_a_model:
            return f"InferenceService {self.workload}"
        return f"{self.workload}/{self.container}"

    @property
    def canary_words(self) -> str:
        """How a new model gets the requests, as people read it; empty: all of them at once."""
        if not self.canary_percents:
            return ""
        parts = ", ".join(str(percent) for percent in self.canary_percents)
        return f"new models get {parts} % first, {self.canary_hold_seconds} seconds each"
