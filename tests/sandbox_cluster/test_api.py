"""The API's paths and verbs, beyond the contract."""

import pytest

from tests.sandbox_cluster.support import IMAGE, deployment, eventually

DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api", 200),
        ("GET", "/api/v1", 200),
        ("GET", "/apis", 200),
        ("GET", "/apis/apps", 200),
        ("GET", "/apis/apps/v1", 200),
        ("GET", "/apis/serving.kserve.io/v1beta1", 200),
        ("GET", "/apis/none", 404),
        ("GET", "/apis/none/v1", 404),
        ("GET", "/api/v2/pods", 404),
        ("GET", "/apis/apps/v1/namespaces/default/daemonsets", 404),
        ("GET", "/apis/apps/v1/deployments/api", 404),
        ("GET", "/apis/apps/v1/namespaces/default/deployments/api/logs", 404),
        ("GET", "/nonsense", 404),
        ("PUT", DEPLOYMENTS, 405),
        ("POST", f"{DEPLOYMENTS}/api", 405),
        ("POST", "/apis/apps/v1/deployments", 405),
        ("GET", f"{DEPLOYMENTS}?limit=x", 400),
        ("GET", f"{DEPLOYMENTS}?resourceVersion=x", 400),
        ("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", 400),
    ],
)
def test_every_path_has_its_answer(sandbox, method, path, status):
    body = {} if method in {"POST", "PUT"} else None
    assert sandbox.call(method, path, body)[0] == status


@pytest.mark.parametrize("kind", ["application/json-patch+json", "text/plain", ""])
def test_a_patch_of_an_unknown_type_is_refused(sandbox, kind):
    sandbox.deploy(deployment(replicas=0))
    status, answer = sandbox.call("PATCH", f"{DEPLOYMENTS}/api", {}, kind)
    assert status == 415
    assert answer["reason"] == "UnsupportedMediaType"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"propagationPolicy": "Sideways"}, 400),
        ({"gracePeriodSeconds": -1}, 400),
        ({"gracePeriodSeconds": "x"}, 400),
        ([], 200),
    ],
)
def test_delete_options_are_checked(sandbox, body, status):
    sandbox.deploy(deployment(replicas=0))
    assert sandbox.call("DELETE", f"{DEPLOYMENTS}/api", body)[0] == status


def test_a_patch_is_an_object(sandbox):
    sandbox.deploy(deployment(replicas=0))
    assert sandbox.call("PATCH", f"{DEPLOYMENTS}/api", [], "application/merge-patch+json")[0] == 400
    nameless = {"metadata": {"name": "other"}}
    merge = "application/merge-patch+json"
    assert sandbox.call("PATCH", f"{DEPLOYMENTS}/api", nameless, merge)[0] == 400


def test_a_namespace_that_goes_takes_nothing_in(sandbox):
    sandbox.call("POST", "/api/v1/namespaces", {"metadata": {"name": "shop"}})
    sandbox.call("PUT", "/sandbox/v1/controller", {"paused": True})
    assert sandbox.call("DELETE", "/api/v1/namespaces/shop")[1]["status"]["phase"] == "Terminating"
    assert sandbox.call("DELETE", "/api/v1/namespaces/shop")[0] == 200
    body = deployment()
    body["metadata"]["namespace"] = "shop"
    path = "/apis/apps/v1/namespaces/shop/deployments"
    status, answer = sandbox.call("POST", path, body)
    assert status == 403
    assert "is being terminated" in answer["message"]
    sandbox.call("PUT", "/sandbox/v1/controller", {"paused": False})
    eventually(lambda: sandbox.call("GET", "/api/v1/namespaces/shop")[0] == 404)


def test_an_accident_inside_is_a_status_too(sandbox, monkeypatch):
    monkeypatch.setattr(sandbox.server.cluster.store, "all", lambda *_: 1 / 0)
    status, answer = sandbox.call("GET", DEPLOYMENTS)
    assert status == 500
    assert answer["reason"] == "InternalError"


def test_a_custom_resource_is_an_object_like_any_other(sandbox):
    path = "/apis/serving.kserve.io/v1beta1/namespaces/default/inferenceservices"
    body = {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {"name": "credit"},
        "spec": {"predictor": {"model": {"storageUri": "s3://models/credit"}}},
    }
    status, made = sandbox.call("POST", path, body)
    assert (status, made["metadata"]["generation"]) == (201, 1)
    patch = {"spec": {"predictor": {"model": {"storageUri": "s3://models/credit/2"}}}}
    merge = "application/merge-patch+json"
    patched = sandbox.call("PATCH", f"{path}/credit", patch, merge)[1]
    assert patched["metadata"]["generation"] == 2
    strategic = "application/strategic-merge-patch+json"
    assert sandbox.call("PATCH", f"{path}/credit", patch, strategic)[0] == 415
    condition = {"type": "Ready", "status": "True"}
    status, answer = sandbox.call(
        "PATCH", f"{path}/credit/status", {"status": {"conditions": [condition]}}, merge
    )
    assert status == 200
    assert answer["metadata"]["generation"] == 2
    assert answer["status"]["conditions"] == [condition]
    assert sandbox.call("PUT", f"{path}/credit", body)[0] == 422
    assert sandbox.call("GET", path)[1]["items"][0]["kind"] == "InferenceService"


def test_an_image_that_changes_in_the_spec_changes_what_runs(sandbox):
    sandbox.deploy(deployment())
    eventually(lambda: [p for p in sandbox.pods() if p["status"].get("podIP")])
    (pod,) = sandbox.pods()
    assert pod["status"]["containerStatuses"][0]["imageID"] == IMAGE
