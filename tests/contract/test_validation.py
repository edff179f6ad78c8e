"""What an object must hold, and the words in which the API server says what it breaks."""

import pytest

from tests.contract.support import (
    BEFORE,
    changed,
    deployment,
    eventually,
    fields_of,
    refused,
)


@pytest.fixture
def made(contract, namespace):
    return contract.deployments.create(body=deployment("api", replicas=0), namespace=namespace)


@pytest.mark.parametrize("name", ["API", "-api", "api_1", "a" * 254])
def test_a_name_follows_rfc_1123(contract, namespace, name):
    status = refused(contract.deployments.create, body=deployment(name), namespace=namespace)
    assert (status["code"], status["reason"]) == (422, "Invalid")
    assert "metadata.name" in fields_of(status)


def test_a_container_needs_an_image_and_a_name_of_its_own(contract, namespace):
    body = deployment("api")
    body["spec"]["template"]["spec"]["containers"] = [
        {"name": "main", "image": ""},
        {"name": "main", "image": BEFORE},
    ]
    status = refused(contract.deployments.create, body=body, namespace=namespace)
    assert status["code"] == 422
    assert status["message"].startswith('Deployment.apps "api" is invalid: [')
    wrong = fields_of(status)
    assert wrong["spec.template.spec.containers[0].image"] == "Required value"
    assert wrong["spec.template.spec.containers[1].name"] == 'Duplicate value: "main"'


def test_the_selector_must_match_the_template(contract, namespace):
    body = changed(deployment("api"), selector={"matchLabels": {"app": "other"}})
    status = refused(contract.deployments.create, body=body, namespace=namespace)
    assert status["code"] == 422
    assert "`selector` does not match template `labels`" in status["message"]


def test_the_selector_never_changes(contract, namespace, made):
    body = made.to_dict()
    body["spec"]["selector"] = {"matchLabels": {"app": "other"}}
    body["spec"]["template"]["metadata"]["labels"] = {"app": "other"}
    del body["metadata"]["resourceVersion"]
    status = refused(contract.deployments.replace, body=body, namespace=namespace)
    assert status["code"] == 422
    assert "field is immutable" in fields_of(status)["spec.selector"]


def test_a_number_is_not_a_word(contract, namespace):
    body = changed(deployment("api"), replicas="two")
    status = refused(contract.deployments.create, body=body, namespace=namespace)
    assert (status["code"], status["reason"]) == (400, "BadRequest")
    assert "cannot unmarshal string into Go struct field" in status["message"]


def test_there_are_no_negative_replicas(contract, namespace):
    status = refused(
        contract.deployments.create, body=deployment("api", replicas=-1), namespace=namespace
    )
    assert status["code"] == 422
    assert "must be greater than or equal to 0" in fields_of(status)["spec.replicas"]


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"strategy": {"type": "Sometimes"}}, "spec.strategy.type"),
        (
            {"strategy": {"type": "Recreate", "rollingUpdate": {"maxSurge": 1}}},
            "spec.strategy.rollingUpdate",
        ),
        (
            {"strategy": {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}}},
            "spec.strategy.rollingUpdate.maxUnavailable",
        ),
        (
            {"strategy": {"rollingUpdate": {"maxSurge": "lots"}}},
            "spec.strategy.rollingUpdate.maxSurge",
        ),
    ],
)
def test_a_strategy_must_make_sense(contract, namespace, spec, field):
    body = changed(deployment("api"), **spec)
    status = refused(contract.deployments.create, body=body, namespace=namespace)
    assert status["code"] == 422
    assert field in fields_of(status)


def test_labels_and_annotations_follow_their_rules(contract, namespace):
    body = deployment("api")
    body["metadata"]["labels"] = {"app": "has space", "bad key": "x"}
    body["metadata"]["annotations"] = {"not/a/key": "x", "big": "x" * 262_145}
    status = refused(contract.deployments.create, body=body, namespace=namespace)
    assert status["code"] == 422
    assert {"metadata.labels", "metadata.annotations"} <= set(fields_of(status))


def test_a_running_pod_keeps_its_spec(contract, namespace):
    pods = contract.kind("Pod")
    pod = {
        "metadata": {"name": "alone"},
        "spec": {
            "terminationGracePeriodSeconds": 0,
            "containers": [{"name": "main", "image": BEFORE}],
        },
    }
    pods.create(body=pod, namespace=namespace)
    eventually(
        lambda: pods.get(name="alone", namespace=namespace).status.phase == "Running", seconds=90
    )
    status = refused(
        pods.patch,
        name="alone",
        namespace=namespace,
        body={"spec": {"containers": [{"name": "main", "args": ["x"]}]}},
        content_type="application/strategic-merge-patch+json",
    )
    assert status["code"] == 422
    assert "pod updates may not change fields other than" in status["message"]
