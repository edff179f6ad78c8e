"""Deletion: what goes along, what stays, what goes first, and what holds it up."""

import pytest
from kubernetes.dynamic.exceptions import NotFoundError

from tests.contract.support import deployment, eventually

LABELS = "app=api"


@pytest.fixture
def running(contract, namespace):
    contract.deployments.create(body=deployment("api"), namespace=namespace)
    eventually(lambda: contract.kind("Pod").get(namespace=namespace, label_selector=LABELS).items)
    return namespace


def replica_sets(contract, namespace):
    return (
        contract.kind("ReplicaSet", "apps/v1").get(namespace=namespace, label_selector=LABELS).items
    )


def is_gone(contract, namespace):
    try:
        contract.deployments.get(name="api", namespace=namespace)
    except NotFoundError:
        return True
    return False


def delete(contract, namespace, **options):
    return contract.deployments.delete(name="api", namespace=namespace, body=options)


def test_orphans_stay_without_their_owner(contract, running):
    delete(contract, running, propagationPolicy="Orphan")
    eventually(lambda: is_gone(contract, running))
    (orphan,) = replica_sets(contract, running)
    assert not orphan.metadata.ownerReferences


def test_in_the_foreground_dependents_go_first(contract, running):
    answer = delete(contract, running, propagationPolicy="Foreground")
    assert answer.metadata.deletionTimestamp
    assert answer.metadata.finalizers == ["foregroundDeletion"]
    eventually(lambda: is_gone(contract, running))
    assert replica_sets(contract, running) == []


def test_a_finalizer_holds_a_deletion_up_until_it_is_taken_off(contract, running):
    deployments = contract.deployments
    merge = "application/merge-patch+json"
    held = {"metadata": {"finalizers": ["gatehouse.dev/held"]}}
    deployments.patch(name="api", namespace=running, body=held, content_type=merge)
    delete(contract, running)
    live = deployments.get(name="api", namespace=running)
    assert live.metadata.deletionTimestamp
    free = {"metadata": {"finalizers": None}}
    deployments.patch(name="api", namespace=running, body=free, content_type=merge)
    eventually(lambda: is_gone(contract, running))


def test_a_dry_run_deletes_nothing(contract, running):
    delete(contract, running, dryRun=["All"])
    assert not is_gone(contract, running)


def test_a_collection_is_deleted_by_selector(contract, running):
    contract.deployments.create(body=deployment("other", replicas=0), namespace=running)
    contract.deployments.delete(namespace=running, label_selector=LABELS, body={})
    eventually(lambda: is_gone(contract, running))
    assert contract.deployments.get(name="other", namespace=running).metadata.name == "other"


def test_a_deleted_pod_is_told_to_go_and_is_replaced(contract, running):
    pods = contract.kind("Pod")
    (pod,) = pods.get(namespace=running, label_selector=LABELS).items
    pods.delete(name=pod.metadata.name, namespace=running, body={"gracePeriodSeconds": 0})

    def others():
        listed = pods.get(namespace=running, label_selector=LABELS).items
        return [each for each in listed if each.metadata.uid != pod.metadata.uid]

    assert eventually(others)
