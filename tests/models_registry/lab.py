"""A project whose models come from MLflow."""

from dataclasses import dataclass

from django.utils import timezone

from audit.models import Event
from catalog.models import Artifact, Project
from models_registry import work
from models_registry.actions.change_registry import change_registry
from models_registry.actions.create_registry import RegistrySpec, create_registry
from models_registry.models import (
    AliasOrder,
    Finding,
    Hint,
    ModelVersion,
    RegisteredModel,
    Registry,
    Sync,
)
from tests import factories

MLMODEL = """
flavors:
  python_function: {loader_module: mlflow.sklearn, python_version: 3.11.7}
  sklearn: {pickled_model: model.skops, sklearn_version: 1.9.1}
signature:
  inputs: '[{"type": "double", "name": "income", "required": true}]'
  outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "int64", "shape": [-1]}}]'
  params: null
run_id: 0123
"""


@dataclass
class Lab:
    """The project and its registry."""

    project: Project
    registry: Registry

    @classmethod
    def make(cls, url, **spec):
        project = factories.staffed_project("credit")
        registry = create_registry(
            project, "main", RegistrySpec(tracking_url=url, **spec), by=factories.person("oskar")
        )
        return cls(project, registry)

    def sync(self, **options):
        """Read the registry, and the files of what is new."""
        assert work.sync(self.registry.pk, **options)
        work.read_waiting_files(self.registry.pk)
        return self.state

    def hurry(self):
        """Let what waits for its time have it now."""
        ModelVersion.objects.update(intake_due_at=timezone.now())
        AliasOrder.objects.update(try_at=timezone.now())

    def change(self, **changes):
        """Change the registry, as the project's administrator."""
        fields = ("tracking_url", "name_pattern", "credentials", "webhook_secret", "is_active")
        now = {name: getattr(self.registry, name) for name in fields}
        spec = RegistrySpec(**{**now, **changes})
        self.registry = change_registry(self.registry, spec, by=factories.person("oskar"))

    def hint(self, name):
        """Look at one model, as after a webhook."""
        Hint.objects.create(registry=self.registry, model_name=name)
        self.look_at_hints()

    def look_at_hints(self):
        """What a worker does when it is nudged."""
        assert work.look_at_hints(self.registry.pk)
        work.read_waiting_files(self.registry.pk)

    def end_lease(self):
        """Let time pass until a dead worker's lease runs out."""
        Sync.objects.update(lease_until=timezone.now())

    def fresh(self):
        """Read the registry over new connections."""
        from models_registry.clients import transport  # noqa: PLC0415 -- loads MLflow's client

        transport.request_utils._get_request_session(**transport._RETRIES).close()
        return self.sync()

    @property
    def names(self):
        models = RegisteredModel.objects.filter(registry=self.registry, gone_at=None)
        return list(models.order_by("name").values_list("name", flat=True))

    @property
    def state(self):
        return Sync.objects.get(pk=self.registry.pk)

    def model(self, name):
        return RegisteredModel.objects.get(registry=self.registry, name=name, gone_at=None)

    def version(self, name, number=1):
        return ModelVersion.objects.select_related("model", "artifact_version").get(
            model__registry=self.registry, model__name=name, number=number
        )

    @property
    def findings(self):
        return [finding.kind for finding in Finding.objects.order_by("pk")]

    def events(self, *types):
        found = Event.objects.filter(type__startswith="models_registry.").order_by("pk")
        return list(
            (found.filter(type__in=types) if types else found).values_list("type", flat=True)
        )


def model_of(project, name="credit-risk", **facts):
    """A model as it was taken in, without any MLflow."""
    registry = Registry.objects.filter(project=project).first() or create_registry(
        project,
        "main",
        RegistrySpec(tracking_url="https://mlflow.example.com"),
        by=factories.admin(),
    )
    artifact = Artifact.objects.create(project=project, name=name, kind="model")
    return RegisteredModel.objects.create(
        registry=registry, artifact=artifact, name=name, fingerprint="0", **facts
    )


def trained(writer, name="credit-risk", *, files=True, **run):
    """Train a model, put its files where MLflow hands them out, and register a version."""
    run_id = writer.run(**run)
    source = f"mlflow-artifacts:/0/{run_id}/artifacts/model"
    if files:
        writer.file(f"0/{run_id}/artifacts/model/MLmodel", MLMODEL.encode())
        writer.file(f"0/{run_id}/artifacts/model/model.skops", b"weights of " + run_id.encode())
        writer.file(f"0/{run_id}/artifacts/model/env/requirements.txt", b"scikit-learn==1.9.1\n")
    return writer.version(name, source=source, run_id=run_id)
