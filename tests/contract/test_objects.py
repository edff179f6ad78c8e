"""Objects: what create, read, replace, patch and delete do, and how refusals are worded."""

import pytest

from tests.contract.support import (
    AFTER,
    BEFORE,
    deployment,
    eventually,
    refused,
)


@pytest.fixture
def made(contract, namespace):
    return contract.deployments.create(body=deployment("api", replicas=0), namespace=namespace)


def test_a_new_object_gets_its_identity_from_the_server(made):
    metadata = made.metadata
    assert metadata.uid
    assert metadata.resourceVersion.isdecimal()
    assert metadata.creationTimestamp
    assert metadata.generation == 1


def test_what_is_left_out_is_filled_in(made):
    spec = made.to_dict()["spec"]
    assert spec["strategy"]["rollingUpdate"] == {"maxSurge": "25%", "maxUnavailable": "25%"}
    assert spec["progressDeadlineSeconds"] == 600
    assert spec["revisionHistoryLimit"] == 10
    container = spec["template"]["spec"]["containers"][0]
    assert container["imagePullPolicy"] == "IfNotPresent"
    assert spec["template"]["spec"]["restartPolicy"] == "Always"


def test_a_name_is_taken_once(contract, namespace, made):
    status = refused(contract.deployments.create, body=deployment("api"), namespace=namespace)
    assert (status["code"], status["reason"]) == (409, "AlreadyExists")
    assert status["message"] == 'deployments.apps "api" already exists'
    assert status["details"] == {"name": "api", "group": "apps", "kind": "deployments"}


def test_what_is_not_there_is_not_found(contract, namespace):
    status = refused(contract.deployments.get, name="none", namespace=namespace)
    assert (status["code"], status["reason"]) == (404, "NotFound")
    assert status["message"] == 'deployments.apps "none" not found'


def test_a_namespace_must_exist_before_its_objects(contract):
    status = refused(
        contract.deployments.create, body=deployment("api"), namespace="gatehouse-none"
    )
    assert (status["code"], status["reason"]) == (404, "NotFound")
    assert status["message"] == 'namespaces "gatehouse-none" not found'


def test_a_generated_name_begins_as_asked(contract, namespace):
    body = deployment("api", replicas=0)
    del body["metadata"]["name"]
    body["metadata"]["generateName"] = "api-"
    name = contract.deployments.create(body=body, namespace=namespace).metadata.name
    assert name.startswith("api-")
    assert len(name) > len("api-")


def test_replacing_with_an_old_revision_is_a_conflict(contract, namespace, made):
    stale = made.to_dict()
    contract.deployments.patch(
        name="api",
        namespace=namespace,
        body={"metadata": {"labels": {"team": "checkout"}}},
        content_type="application/merge-patch+json",
    )
    status = refused(contract.deployments.replace, body=stale, namespace=namespace)
    assert (status["code"], status["reason"]) == (409, "Conflict")
    assert "the object has been modified; please apply your changes" in status["message"]


def test_the_generation_counts_changes_of_the_spec_only(contract, namespace, made):
    deployments = contract.deployments

    def patch(body):
        return deployments.patch(
            name="api",
            namespace=namespace,
            body=body,
            content_type="application/merge-patch+json",
        )

    assert patch({"metadata": {"annotations": {"a": "b"}}}).metadata.generation == 1
    assert patch({"spec": {"minReadySeconds": 1}}).metadata.generation == 2
    seen = eventually(
        lambda: (
            (live := deployments.get(name="api", namespace=namespace)).status.observedGeneration
            == 2
            and live
        )
    )
    assert seen.metadata.generation == 2


def test_a_merge_patch_removes_what_is_null_and_replaces_lists(contract, namespace, made):
    patched = contract.deployments.patch(
        name="api",
        namespace=namespace,
        body={
            "metadata": {"labels": {"app": None, "team": "checkout"}},
            "spec": {"template": {"spec": {"containers": [{"name": "other", "image": AFTER}]}}},
        },
        content_type="application/merge-patch+json",
    ).to_dict()
    assert patched["metadata"]["labels"] == {"team": "checkout"}
    assert [each["name"] for each in patched["spec"]["template"]["spec"]["containers"]] == ["other"]


def test_a_strategic_patch_merges_containers_by_name(contract, namespace, made):
    pod = {"containers": [{"name": "side", "image": AFTER}]}
    patched = contract.deployments.patch(
        name="api",
        namespace=namespace,
        body={"spec": {"template": {"spec": pod}}},
        content_type="application/strategic-merge-patch+json",
    ).to_dict()
    containers = patched["spec"]["template"]["spec"]["containers"]
    assert {each["name"]: each["image"] for each in containers} == {"main": BEFORE, "side": AFTER}

    pod = {"containers": [{"name": "side", "$patch": "delete"}]}
    patched = contract.deployments.patch(
        name="api",
        namespace=namespace,
        body={"spec": {"template": {"spec": pod}}},
        content_type="application/strategic-merge-patch+json",
    ).to_dict()
    assert [each["name"] for each in patched["spec"]["template"]["spec"]["containers"]] == ["main"]


def test_a_dry_run_changes_nothing(contract, namespace, made):
    deployments = contract.deployments
    tried = deployments.create(
        body=deployment("other"), namespace=namespace, query_params=[("dryRun", "All")]
    )
    assert tried.metadata.uid
    assert refused(deployments.get, name="other", namespace=namespace)["code"] == 404

    tried = deployments.patch(
        name="api",
        namespace=namespace,
        body={"spec": {"minReadySeconds": 7}},
        content_type="application/merge-patch+json",
        query_params=[("dryRun", "All")],
    )
    assert tried.spec.minReadySeconds == 7
    assert not deployments.get(name="api", namespace=namespace).spec.minReadySeconds


def test_a_dry_run_is_checked_like_the_real_thing(contract, namespace):
    status = refused(
        contract.deployments.create,
        body=deployment("No Name"),
        namespace=namespace,
        query_params=[("dryRun", "All")],
    )
    assert status["code"] == 422


def test_a_deleted_deployment_takes_its_pods_along(contract, namespace):
    contract.deployments.create(body=deployment("api"), namespace=namespace)
    pods = contract.kind("Pod")
    eventually(lambda: pods.get(namespace=namespace, label_selector="app=api").items)
    answer = contract.deployments.delete(name="api", namespace=namespace)
    assert (answer.kind, answer.status) == ("Status", "Success")
    assert refused(contract.deployments.get, name="api", namespace=namespace)["code"] == 404
    eventually(lambda: not pods.get(namespace=namespace, label_selector="app=api").items)


def test_a_deletion_may_name_whom_it_means(contract, namespace, made):
    status = refused(
        contract.deployments.delete,
        name="api",
        namespace=namespace,
        body={"preconditions": {"uid": "somebody-else"}},
    )
    assert (status["code"], status["reason"]) == (409, "Conflict")
    assert "Precondition failed: UID in precondition" in status["message"]


def test_a_removed_namespace_takes_everything_along(contract, namespace, made):
    namespaces = contract.kind("Namespace")
    namespaces.delete(name=namespace)
    going = [each for each in namespaces.get().items if each.metadata.name == namespace]
    assert all(each.status.phase == "Terminating" for each in going)

    def is_gone():
        return namespace not in {each.metadata.name for each in namespaces.get().items}

    eventually(is_gone, seconds=60)


def test_a_strategic_patch_can_replace_and_clear(contract, namespace, made):
    def patch(body):
        return contract.deployments.patch(
            name="api",
            namespace=namespace,
            body=body,
            content_type="application/strategic-merge-patch+json",
        ).to_dict()

    labels = patch({"metadata": {"labels": {"$patch": "replace", "only": "this"}}})
    assert labels["metadata"]["labels"] == {"only": "this"}
    finalizers = patch({"metadata": {"finalizers": ["x.y/a", "x.y/b"]}})
    assert finalizers["metadata"]["finalizers"] == ["x.y/a", "x.y/b"]
    fewer = patch({"metadata": {"$deleteFromPrimitiveList/finalizers": ["x.y/a", "x.y/b"]}})
    assert not fewer["metadata"].get("finalizers")
    pod = {"containers": [{"$patch": "replace"}, {"name": "new", "image": AFTER}]}
    replaced = patch({"spec": {"template": {"spec": pod}}})
    assert [each["name"] for each in replaced["spec"]["template"]["spec"]["containers"]] == ["new"]
    assert not patch({"metadata": {"labels": {"only": None}}})["metadata"].get("labels")


def test_a_status_is_written_at_its_own_address(contract, namespace, made):
    """A write to the object leaves its status alone, and the other way round."""
    body = made.to_dict()
    body["status"] = {"replicas": 7}
    body["spec"]["minReadySeconds"] = 3
    del body["metadata"]["resourceVersion"]
    replaced = contract.deployments.replace(body=body, namespace=namespace).to_dict()
    assert replaced["spec"]["minReadySeconds"] == 3
    assert replaced.get("status", {}).get("replicas") != 7
    condition = {
        "type": "Checked",
        "status": "True",
        "lastUpdateTime": None,
        "lastTransitionTime": None,
    }
    patched = contract.deployments.status.patch(
        name="api",
        namespace=namespace,
        body={"spec": {"minReadySeconds": 9}, "status": {"conditions": [condition]}},
        content_type="application/strategic-merge-patch+json",
    ).to_dict()
    assert patched["spec"]["minReadySeconds"] == 3
    assert "Checked" in {each["type"] for each in patched["status"]["conditions"]}
