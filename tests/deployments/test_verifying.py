"""What counts is what the pods run, every one of them, by digest."""

from dataclasses import replace

import pytest

from deployments.executors import images, kubernetes
from tests.deployments.ground import run, steps_of


class Nodes:
    """The cluster, whose nodes say at first something else about what they run."""

    def __init__(self, cluster, *, looks: int, **otherwise):
        self.cluster, self.looks, self.otherwise = cluster, looks, otherwise

    def __getattr__(self, name):
        return getattr(self.cluster, name)

    def running_digests(self, workload):
        seen = self.cluster.running_digests(workload)
        self.looks -= 1
        if self.looks < 0:
            return seen
        first, *others = seen.containers
        return replace(seen, containers=(replace(first, **self.otherwise), *others))


@pytest.fixture
def nodes_say(monkeypatch, api):
    def say(looks, **otherwise):
        nodes = Nodes(api.port, looks=looks, **otherwise)
        monkeypatch.setattr(kubernetes, "cluster_of", lambda target: nodes)

    monkeypatch.setattr(images, "PAUSE", 0.01)
    return say


def test_a_node_that_has_not_reported_yet_is_waited_for(payments, nodes_say):
    nodes_say(3, digest=None, image_id="")
    change_request = payments.request()
    run(change_request)
    assert change_request.state == "deployed"


def test_nodes_that_never_report_could_not_tell(payments, nodes_say, monkeypatch):
    monkeypatch.setattr(images, "PATIENCE_VERIFY", 0)
    nodes_say(10**6, digest=None, image_id="")
    change_request = payments.request()
    deployment = run(change_request)
    assert (deployment.state, deployment.tries) == ("running", 1)
    assert change_request.state == "verifying"


def test_a_pod_of_the_version_before_that_is_still_leaving_is_waited_for(payments, nodes_say):
    nodes_say(2, new=False, digest="sha256:" + "0" * 64)
    change_request = payments.request()
    run(change_request)
    assert change_request.state == "deployed"


def test_a_pod_of_the_version_before_that_stays_is_a_no(payments, nodes_say, monkeypatch):
    monkeypatch.setattr(images, "PATIENCE_VERIFY", 0)
    nodes_say(10**6, new=False, digest="sha256:" + "0" * 64)
    change_request = payments.request()
    deployment = run(change_request)
    assert change_request.state == "failed"
    assert "was approved" in deployment.reason


def test_a_pod_that_ends_is_not_held_against_it(payments, nodes_say, api):
    nodes_say(10**6, terminating=True, digest="sha256:" + "0" * 64)
    payments.bind("payments-web", "web", replicas=2)
    change_request = payments.request(payments.version(), payments.version("payments-web"))
    run(change_request)
    assert change_request.state == "failed"  # api has one pod only, and that one is leaving
    assert "No pod of Deployment payments/api runs" in change_request.deployments.get().reason


def test_a_workload_scaled_to_nothing_cannot_be_verified(ground, api):
    api.by_kubectl("api", "registry.example.com/payments-api:old", replicas=0)
    ground.on_cluster(api.url)
    ground.bind(adopt=True)
    change_request = ground.request()
    deployment = run(change_request)
    assert change_request.state == "failed"
    assert "Scale it to at least one replica" in deployment.reason
    assert api.workload().images["app"] == "registry.example.com/payments-api:old"


def test_who_takes_the_image_from_us_meanwhile_is_found_out_and_not_fought(
    payments, api, monkeypatch
):
    real = kubernetes.rolling_out.roll_out

    def after_somebody_else(*args):
        api.by_kubectl("api", "registry.example.com/payments-api:hotfix", manager="helm")
        real(*args)

    run(payments.request())
    monkeypatch.setattr(kubernetes.rolling_out, "roll_out", after_somebody_else)
    change_request = payments.request()
    deployment = run(change_request)
    assert change_request.state == "failed"
    assert "could not be put back" in deployment.reason
    assert "helm" in deployment.reason
    assert steps_of(deployment)[-1] == ("put_back", "failed")
    assert api.workload().images["app"] == "registry.example.com/payments-api:hotfix"


@pytest.mark.parametrize(
    "uri",
    [
        "registry.example.com/payments-api",
        "registry.example.com/payments-api:1.0",
        "registry.example.com:5000/payments-api:1.0",
        "docker://registry.example.com/payments-api",
        "payments-api",
        "payments-api:1.0",
    ],
)
def test_an_image_is_named_by_digest_however_its_address_was_written(payments, api, uri):
    version = payments.version(uri=uri)
    change_request = payments.request(version)
    deployment = run(change_request)
    assert change_request.state == "deployed", deployment.reason
    repository, _, digest = api.workload().images["app"].partition("@")
    assert digest == version.digest
    assert repository in {
        "registry.example.com/payments-api",
        "registry.example.com:5000/payments-api",
        "payments-api",
    }
