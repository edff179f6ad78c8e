"""The adapter when things go wrong: what may be tried again, what failed, and in which words."""

import socket
import time
from datetime import timedelta

import kubernetes_validate
import pytest

from deployments.clients import manifests
from deployments.clients.cluster import (
    ClusterRefused,
    ClusterUnavailable,
    RolloutPhase,
    Workload,
)
from deployments.clients.connection import ClusterConnection, open_client
from deployments.clients.kubernetes import KubernetesCluster
from portal.sandbox_cluster import images, verbs
from tests.sandbox_cluster.support import DIGEST, IMAGE, OTHER, deployment

API = Workload("default", "api")
AT_ONCE = timedelta(0)


def reach(url, seconds=5.0):
    return KubernetesCluster(open_client(ClusterConnection(server=url)), read_seconds=seconds)


@pytest.fixture
def cluster(sandbox):
    return reach(sandbox.url)


@pytest.fixture
def made(sandbox, cluster):
    """A Deployment that the portal has created and that runs."""
    cluster.apply(API, {"main": IMAGE}, template={"replicas": 2})
    assert follow(cluster).done
    return API


def follow(cluster, patience=AT_ONCE):
    status = cluster.rollout(API, patience=patience)
    ends_at = time.monotonic() + 20
    while status.phase is RolloutPhase.PROGRESSING and time.monotonic() < ends_at:
        status = cluster.wait(API, since=status.resource_version, seconds=0.3, patience=patience)
    return status


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "error", "status": 503},
        {"kind": "error", "status": 500},
        {"kind": "error", "status": 429},
        {"kind": "close"},
        {"kind": "hang"},
        {"kind": "slow", "delay": 2},
    ],
    ids=lambda fault: f"{fault['kind']}{fault.get('status', '')}",
)
def test_a_cluster_that_does_not_answer_properly_is_unavailable(sandbox, fault):
    cluster = reach(sandbox.url, seconds=0.3)
    sandbox.fault(**fault)
    began = time.monotonic()
    for call in (
        cluster.check,
        lambda: cluster.current(API),
        lambda: cluster.apply(API, {"main": IMAGE}, template={}),
        lambda: cluster.rollout(API),
        lambda: cluster.wait(API, since="1", seconds=0.2),
        lambda: cluster.running_digests(API),
        lambda: cluster.list_workloads("default"),
    ):
        with pytest.raises(ClusterUnavailable) as refusal:
            call()
        assert sandbox.url in refusal.value.sentence
    assert time.monotonic() - began < 20
    sandbox.call("DELETE", "/sandbox/v1/faults")
    assert not reach(sandbox.url).current(API).exists


def test_a_cluster_that_is_not_there_is_unavailable():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(ClusterUnavailable, match="could not be reached"):
            reach(url).current(API)


def test_a_fault_after_the_apply_leaves_something_to_apply_again(sandbox, cluster):
    sandbox.fault(kind="close", method="PATCH", requests=1)
    with pytest.raises(ClusterUnavailable):
        cluster.apply(API, {"main": IMAGE}, template={})
    assert cluster.apply(API, {"main": IMAGE}, template={}).images == {"main": IMAGE}


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"kind": "image_pull", "message": "403 Forbidden"}, ["403 Forbidden", "container main"]),
        ({"kind": "crash_loop", "exit_code": 3}, ["CrashLoopBackOff", "exit code 3"]),
    ],
    ids=lambda value: value.get("kind") if isinstance(value, dict) else None,
)
def test_an_image_that_cannot_start_fails_with_the_clusters_reason(
    sandbox, cluster, made, fault, words
):
    sandbox.fault(digest=OTHER, **fault)
    cluster.apply(API, {"main": f"registry.example/shop/api@{OTHER}"})
    status = follow(cluster)
    assert status.failed
    told = f"{status.reason} {' '.join(status.warnings)}".lower()
    for word in words:
        assert word.lower() in told
    old = cluster.running_digests(API).old
    assert [each.digest for each in old if each.ready] == [DIGEST, DIGEST]


def test_an_image_name_that_is_none_fails_without_patience(sandbox, cluster):
    body = deployment(image="Not An Image")
    sandbox.deploy(body)
    status = follow(cluster, patience=timedelta(hours=1))
    assert status.failed
    assert "InvalidImageName" in status.reason


def test_what_never_gets_ready_goes_on_until_the_deadline(sandbox, cluster, made):
    sandbox.fault(kind="never_ready", digest=OTHER)
    cluster.apply(API, {"main": f"registry.example/shop/api@{OTHER}"})
    for _ in range(5):
        status = cluster.wait(API, since=cluster.current(API).resource_version, seconds=0.1)
    assert status.phase is RolloutPhase.PROGRESSING
    assert "1 of 2 pods are replaced" in status.reason


def test_a_pod_that_runs_something_else_is_seen(sandbox, cluster, made):
    sandbox.fault(kind="wrong_digest", digest=OTHER)
    cluster.apply(API, {"main": f"registry.example/shop/api@{OTHER}"})
    assert follow(cluster).done
    assert cluster.running_digests(API).digests_of("main") >= {images.another_digest(OTHER)}
    assert OTHER not in cluster.running_digests(API).digests_of("main")


def test_a_wait_wakes_when_something_happens(sandbox, cluster, made):
    status = cluster.rollout(API)
    began = time.monotonic()
    cluster.wait(API, since=status.resource_version, seconds=0.3)
    assert time.monotonic() - began >= 0.2
    cluster.apply(API, {"main": f"registry.example/shop/api@{OTHER}"})
    began = time.monotonic()
    cluster.wait(API, since=status.resource_version, seconds=5)
    assert time.monotonic() - began < 2


def test_a_wait_from_a_revision_long_gone_looks_at_once(sandbox, cluster, made):
    sandbox.call("POST", "/sandbox/v1/compact")
    began = time.monotonic()
    assert cluster.wait(API, since="1", seconds=5).done
    assert time.monotonic() - began < 2


def test_a_paused_rollout_says_who_must_act(sandbox, cluster, made):
    path = "/apis/apps/v1/namespaces/default/deployments/api"
    sandbox.call("PATCH", path, {"spec": {"paused": True}}, verbs.MERGE_PATCH)
    cluster.apply(API, {"main": f"registry.example/shop/api@{OTHER}"})
    status = cluster.wait(API, since=cluster.current(API).resource_version, seconds=0.5)
    assert status.phase is RolloutPhase.PROGRESSING
    assert "paused" in status.reason


def test_a_cluster_that_has_not_looked_yet_is_not_done(sandbox, cluster, made):
    sandbox.call("PUT", "/sandbox/v1/controller", {"paused": True})
    cluster.apply(API, {"main": f"registry.example/shop/api@{OTHER}"})
    status = cluster.rollout(API)
    assert status.phase is RolloutPhase.PROGRESSING
    assert "has not begun" in status.reason


def test_an_image_without_a_digest_is_refused(cluster):
    for image in ("shop/api:v1", "shop/api@sha256:abc", "", f"@{DIGEST}"):
        with pytest.raises(ClusterRefused, match="repository@sha256"):
            cluster.apply(API, {"main": image}, template={})
    with pytest.raises(ClusterRefused, match="no image"):
        cluster.apply(API, {}, template={})


def test_our_marks_are_exactly_what_was_said_last(cluster, made):
    first = cluster.apply(API, {"main": IMAGE}, annotations={"a": "1", "b": "2"}, labels={"c": "3"})
    assert {"a", "b"} <= set(first.annotations)
    second = cluster.apply(API, {"main": IMAGE}, annotations={"b": "4"}, labels={})
    assert "a" not in second.annotations
    assert second.annotations["b"] == "4"
    assert "c" not in second.labels
    assert second.labels["app.kubernetes.io/managed-by"] == "gatehouse"
    third = cluster.apply(API, {"main": IMAGE})
    assert third.annotations["b"] == "4"


def test_a_template_that_changes_is_applied_while_it_is_ours(cluster, made):
    template = {
        "replicas": 1,
        "template": {
            "spec": {
                "initContainers": [{"name": "migrate"}],
                "containers": [{"name": "main", "env": [{"name": "A", "value": "1"}]}],
            }
        },
    }
    both = {"main": IMAGE, "migrate": IMAGE}
    state = cluster.apply(API, both, template=template)
    assert state.replicas == 1
    assert state.images == both
    assert follow(cluster).done
    # An init container by its own, later, without the template.
    other = f"registry.example/shop/api@{OTHER}"
    assert cluster.apply(API, {"migrate": other}).images == {"main": IMAGE, "migrate": other}


def test_somebody_elses_workload_keeps_its_own_template(sandbox, cluster):
    sandbox.deploy(deployment(image="shop/api:v1", replicas=1))
    template = {"replicas": 5, "selector": {"matchLabels": {"x": "y"}}}
    state = cluster.apply(API, {"main": IMAGE}, template=template, force=True)
    assert state.replicas == 1
    assert state.images == {"main": IMAGE}
    assert "app.kubernetes.io/managed-by" not in state.labels


def test_many_workloads_come_in_pages(sandbox, cluster, monkeypatch):
    monkeypatch.setattr("deployments.clients.api_server.PAGE", 2)
    for number in range(5):
        sandbox.deploy(deployment(f"d{number}", replicas=0))
    assert [each.workload.name for each in cluster.list_workloads("default")] == [
        f"d{number}" for number in range(5)
    ]


@pytest.mark.parametrize(
    "template",
    [{}, {"replicas": 3, "template": {"spec": {"containers": [{"name": "main", "args": ["x"]}]}}}],
)
def test_what_we_create_is_valid_for_kubernetes(template):
    body = manifests.to_apply(API, None, {"main": IMAGE, "side": IMAGE}, template)
    manifests.mark(body, {"gatehouse.dev/release": "1"}, {"team": "shop"})
    kubernetes_validate.validate(body, "1.34", strict=True)


def test_what_the_sandbox_answers_is_valid_for_kubernetes(sandbox, cluster, made):
    namespace = "/apis/apps/v1/namespaces/default"
    for path, kind in (
        (f"{namespace}/deployments", "Deployment"),
        (f"{namespace}/replicasets", "ReplicaSet"),
    ):
        for item in sandbox.call("GET", path)[1]["items"]:
            body = {"apiVersion": "apps/v1", "kind": kind, **item}
            kubernetes_validate.validate(body, "1.34", strict=True)
    for plural, kind in (("pods", "Pod"), ("events", "Event")):
        for item in sandbox.call("GET", f"/api/v1/namespaces/default/{plural}")[1]["items"]:
            body = {"apiVersion": "v1", "kind": kind, **item}
            kubernetes_validate.validate(body, "1.34", strict=True)
