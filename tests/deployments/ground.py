"""What a carry-out needs: a payments project on a cluster, and change requests in the queue.

Nobody has to sign here (the policy has no approval rules); how one gets into the queue is tried elsewhere.
"""

from dataclasses import dataclass
from functools import cached_property

import httpx
from django.utils import timezone

from catalog.models import Environment, Project, the_portal
from deployments.actions.add_binding import BindingSpec, add_binding
from deployments.actions.create_cluster import create_cluster
from deployments.actions.set_target import TargetSpec, set_target
from deployments.carry_out import carry_out
from deployments.clients.cluster import RunningDigests, Workload, WorkloadKind, WorkloadState
from deployments.clients.connection import ClusterConnection
from deployments.clients.kubernetes import connect
from deployments.models import Cluster, Deployment
from releases.actions.activate_policy import activate_policy
from releases.actions.create_policy import create_policy
from releases.actions.publish_policy import publish_policy
from releases.actions.save_policy_version import save_policy_version
from releases.actions.seal_release import seal_release
from releases.actions.submit import submit
from releases.models import ChangeRequest, Release
from tests import factories

NAMESPACE = "payments"
NOBODY_SIGNS = {
    "schema": "gatehouse.policy/v1",
    "gates": [],
    "approvals": [],
    "separation_of_duties": {"unknown_authors": "allow"},
}


@dataclass
class Ground:
    """Everything by name; ``staging`` is where things are put."""

    project: Project
    staging: Environment
    production: Environment
    count: int = 0

    @classmethod
    def make(cls) -> "Ground":
        project = factories.staffed_project("payments")
        ground = cls(project, *project.environments.order_by("position"))
        ground.policy("nobody-signs")
        return ground

    @classmethod
    def there(cls) -> "Ground":
        """The one that `make` made, as nobody has looked at it yet."""
        project = Project.objects.get(slug="payments")
        return cls(project, *project.environments.order_by("position"))

    def policy(self, name: str, **changes) -> None:
        """Put a policy in force in both environments."""
        admin = factories.admin()
        policy = create_policy(name=name, by=admin)
        draft = save_policy_version(policy, document={**NOBODY_SIGNS, **changes}, by=admin)
        version = publish_policy(draft, by=admin)
        for environment in (self.staging, self.production):
            activate_policy(environment, version, by=admin)

    @cached_property
    def oskar(self):
        """The project's administrator."""
        return factories.person("oskar")

    def reached_by(self, executor: str, environment=None, **more):
        spec = TargetSpec(executor=executor, **more)
        return set_target(environment or self.staging, spec, by=self.oskar)

    def cluster(self, url: str) -> Cluster:
        found = Cluster.objects.filter(name="sandbox").first()
        return found or create_cluster("sandbox", server=url, by=the_portal())

    def on_cluster(self, url: str, environment=None, namespace=NAMESPACE, **more):
        return self.reached_by(
            "kubernetes", environment, cluster=self.cluster(url), namespace=namespace, **more
        )

    def bind(self, artifact="payments-api", workload="api", environment=None, **more):
        version = factories.version(self.project, artifact, f"0.0.{self._next()}")
        spec = BindingSpec(**{"workload": workload, "container": "app", **more})
        return add_binding(environment or self.staging, version.artifact, spec, by=self.oskar)

    def bind_model(self, artifact="fraud-model", workload="fraud", environment=None, **more):
        version = factories.version(self.project, artifact, f"0.0.{self._next()}", kind="model")
        wanted = {"workload": workload, "model_format": "sklearn", "canary_hold_seconds": 0}
        spec = BindingSpec(workload_kind="InferenceService", **{**wanted, **more})
        return add_binding(environment or self.staging, version.artifact, spec, by=self.oskar)

    def model(self, artifact="fraud-model", version="", **fields):
        label = version or f"1.0.{self._next()}"
        fields.setdefault("uri", f"s3://models/{artifact}/{label}")
        return factories.version(self.project, artifact, label, kind="model", **fields)

    def version(self, artifact="payments-api", version="", **fields):
        return factories.version(self.project, artifact, version or f"1.0.{self._next()}", **fields)

    def request(self, *versions, environment=None, **more) -> ChangeRequest:
        """A change request in the queue, for a release of these versions."""
        change_request = self.asked(*versions, environment=environment, **more)
        assert change_request.state == "queued", change_request.blocking
        return change_request

    def sealed(self, *versions) -> Release:
        """A release of these versions."""
        return seal_release(
            self.project,
            version=f"2026.{self._next()}",
            artifact_versions=[version.pk for version in versions],
            by=factories.admin(),
        )

    def asked(self, *versions, environment=None, release=None, **more) -> ChangeRequest:
        """A change request wherever it stands then."""
        release = release or self.sealed(*(versions or (self.version(),)))
        change_request = submit(
            release,
            environment or self.staging,
            **{"reason": "the spring release", "by": factories.person("priya"), **more},
        )
        change_request.refresh_from_db()
        return change_request

    def _next(self) -> int:
        self.count += 1
        return self.count


def run(change_request: ChangeRequest, worker: str = "celery@one") -> Deployment | None:
    """Carry it out as far as it goes, in this thread, and read what came of it."""
    carry_out(change_request.number, worker=worker)
    change_request.refresh_from_db()
    return change_request.deployments.first()


def steps_of(deployment: Deployment) -> list[tuple[str, str]]:
    return [(step.verb, step.state) for step in deployment.steps.all()]


def abandon(deployment: Deployment) -> None:
    """As if its worker had been dead for longer than a lease."""
    Deployment.objects.filter(pk=deployment.pk).update(lease_until=timezone.now())


@dataclass
class Api:
    """The sandbox cluster, looked at past the portal."""

    url: str

    def fault(self, kind: str, **more) -> str:
        answer = httpx.post(f"{self.url}/sandbox/v1/faults", json={"kind": kind, **more})
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    def lift(self) -> None:
        httpx.delete(f"{self.url}/sandbox/v1/faults").raise_for_status()

    def pause(self, *, paused: bool) -> None:
        httpx.put(f"{self.url}/sandbox/v1/controller", json={"paused": paused}).raise_for_status()

    def namespace(self, name: str = NAMESPACE) -> None:
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        answer = httpx.post(f"{self.url}/api/v1/namespaces", json=body)
        assert answer.status_code in {201, 409}, answer.text

    def by_kubectl(self, name: str, image: str, manager: str = "kubectl", replicas: int = 2):
        """A Deployment that somebody else put there, or took over, by server-side apply."""
        labels = {"app.kubernetes.io/name": name}
        body = {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": name, "namespace": NAMESPACE},
            "spec": {
                "replicas": replicas,
                "selector": {"matchLabels": labels},
                "template": {
                    "metadata": {"labels": labels},
                    "spec": {"containers": [{"name": "app", "image": image}]},
                },
            },
        }
        answer = httpx.patch(
            f"{self.url}/apis/apps/v1/namespaces/{NAMESPACE}/deployments/{name}",
            params={"fieldManager": manager, "force": "true"},
            json=body,
            headers={"content-type": "application/apply-patch+yaml"},
        )
        assert answer.status_code in {200, 201}, answer.text

    @cached_property
    def port(self):
        return connect(ClusterConnection(server=self.url))

    def workload(self, name: str = "api") -> WorkloadState:
        return self.port.current(Workload(NAMESPACE, name))

    def service(self, name: str = "fraud") -> dict:
        """The InferenceService, as the cluster has it."""
        path = f"/apis/serving.kserve.io/v1beta1/namespaces/{NAMESPACE}/inferenceservices/{name}"
        answer = httpx.get(f"{self.url}{path}")
        return answer.json() if answer.status_code == 200 else {}

    def serves(self, name: str = "fraud") -> set[str]:
        """The addresses of the models that the service's pods have loaded, as they stay."""
        workload = Workload(NAMESPACE, name, WorkloadKind.INFERENCE_SERVICE)
        pods = self.port.served(workload).pods
        return {each.storage_uri for each in pods if each.ready and not each.terminating}

    def running(self, name: str = "api") -> RunningDigests:
        return self.port.running_digests(Workload(NAMESPACE, name))

    def digests(self, name: str = "api", container: str = "app") -> set[str | None]:
        """What every pod of the workload that is ready and stays runs as."""
        return {
            each.digest
            for each in self.running(name).containers
            if each.container == container and each.ready and not each.terminating
        }
