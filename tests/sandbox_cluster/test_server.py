"""The server as a process: state that survives, tokens, TLS, faults of the API."""

import http.client
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error

import pytest

from portal.sandbox_cluster import __main__ as command
from portal.sandbox_cluster.snapshot import SnapshotUnreadable
from tests.sandbox_cluster.support import IMAGE, Sandbox, deployment, eventually
from tests.support.cluster import CHECKOUT

DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"


def test_state_is_kept_over_a_restart(tmp_path):
    state = tmp_path / "deep" / "state.json"
    first = Sandbox(state=state)
    made = first.deploy(deployment(replicas=2))
    eventually(lambda: first.call("GET", f"{DEPLOYMENTS}/api")[1]["status"].get("readyReplicas"))
    pods = {pod["metadata"]["uid"] for pod in first.pods()}
    revision = int(first.call("GET", DEPLOYMENTS)[1]["metadata"]["resourceVersion"])
    first.stop()

    second = Sandbox(state=state)
    status, live = second.call("GET", f"{DEPLOYMENTS}/api")
    assert status == 200
    assert live["metadata"]["uid"] == made["metadata"]["uid"]
    assert {pod["metadata"]["uid"] for pod in second.pods()} == pods
    assert int(second.call("GET", DEPLOYMENTS)[1]["metadata"]["resourceVersion"]) >= revision
    second.stop()


def test_whoever_watched_before_a_restart_lists_again(tmp_path):
    state = tmp_path / "state.json"
    first = Sandbox(state=state)
    first.deploy(deployment(replicas=0))
    first.stop()
    second = Sandbox(state=state)
    path = f"{DEPLOYMENTS}?watch=true&resourceVersion=2&timeoutSeconds=1"
    status, told = second.call("GET", path)
    assert status == 200
    assert told["type"] == "ERROR"
    assert told["object"]["code"] == 410
    second.stop()


def start(state):
    arguments = [sys.executable, "-m", "portal.sandbox_cluster", "--state", str(state)]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, cwd=CHECKOUT)
    line = process.stdout.readline()
    assert line.startswith("Sandbox cluster ready at http://127.0.0.1:")
    return process, line.rpartition(":")[2].strip()


def send(port, method, path, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=5)
    try:
        connection.request(method, path, body and json.dumps(body))
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def test_nothing_that_was_answered_is_lost_by_kill_9(tmp_path):
    state = tmp_path / "state.json"
    process, port = start(state)
    answered = []

    def write():
        try:
            for number in itertools.count():
                status, _ = send(port, "POST", DEPLOYMENTS, deployment(f"d{number}", replicas=0))
                if status == 201:
                    answered.append(f"d{number}")
        except (OSError, http.client.HTTPException, ValueError):
            return

    writer = threading.Thread(target=write)
    writer.start()
    time.sleep(0.8)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    writer.join()
    assert answered

    process, port = start(state)
    _, listed = send(port, "GET", DEPLOYMENTS)
    assert set(answered) <= {each["metadata"]["name"] for each in listed["items"]}
    process.terminate()
    assert process.wait(10) == 0
    process.stdout.close()


def test_a_state_file_that_is_none_stops_the_start_with_a_sentence(tmp_path, capsys):
    state = tmp_path / "state.json"
    for nonsense in ("{", "[]", '{"format": 1}', '{"format": 99}'):
        state.write_text(nonsense)
        with pytest.raises(SnapshotUnreadable, match=str(state)):
            Sandbox(state=state)
    assert command.main(["--state", str(state)]) == 1
    assert "The sandbox cluster cannot start" in capsys.readouterr().err


def test_a_taken_port_is_a_sentence(sandbox, capsys):
    assert command.main(["--port", sandbox.url.rpartition(":")[2]]) == 1
    assert "The sandbox cluster cannot start" in capsys.readouterr().err


def test_without_the_token_nobody_gets_in():
    sandbox = Sandbox(token="opensesame")
    assert sandbox.call("GET", DEPLOYMENTS)[0] == 200
    sandbox.token = "wrong"
    status, answer = sandbox.call("GET", DEPLOYMENTS)
    assert status == 401
    assert (answer["kind"], answer["reason"]) == ("Status", "Unauthorized")
    sandbox.token = ""
    assert sandbox.call("GET", "/sandbox/v1/faults")[0] == 401
    assert sandbox.call("GET", "/livez")[0] == 200
    assert sandbox.call("GET", "/version")[1]["gitVersion"].startswith("v1.")
    sandbox.stop()
    assert "opensesame" not in repr(sandbox.server.settings)


def test_the_api_says_no_for_so_many_requests(sandbox):
    sandbox.fault(kind="error", status=500, requests=2, message="etcd is on fire")
    for _ in range(2):
        status, answer = sandbox.call("GET", DEPLOYMENTS)
        assert status == 500
        assert answer["message"] == "etcd is on fire"
    assert sandbox.call("GET", DEPLOYMENTS)[0] == 200


def test_the_api_says_no_for_so_long(sandbox):
    sandbox.fault(kind="error", seconds=0.3)
    assert sandbox.call("GET", DEPLOYMENTS)[0] == 503
    eventually(lambda: sandbox.call("GET", DEPLOYMENTS)[0] == 200)


def test_a_fault_may_strike_only_some_requests(sandbox):
    fault = sandbox.fault(kind="error", method="patch", path="/deployments/")
    assert sandbox.call("GET", DEPLOYMENTS)[0] == 200
    path = f"{DEPLOYMENTS}/api?fieldManager=x"
    body, kind = deployment(replicas=0), "application/apply-patch+yaml"
    assert sandbox.call("PATCH", path, body, kind)[0] == 503
    listed = sandbox.call("GET", "/sandbox/v1/faults")[1]
    assert [each["id"] for each in listed["faults"]] == [fault]
    assert sandbox.call("DELETE", f"/sandbox/v1/faults/{fault}")[0] == 204
    assert sandbox.call("DELETE", f"/sandbox/v1/faults/{fault}")[0] == 404
    assert sandbox.call("PATCH", path, body, kind)[0] == 201


def test_a_closed_connection_leaves_half_an_answer(sandbox):
    sandbox.fault(kind="close", requests=1)
    with pytest.raises((http.client.HTTPException, urllib.error.URLError, OSError)):
        sandbox.call("GET", DEPLOYMENTS)
    assert sandbox.call("GET", DEPLOYMENTS)[0] == 200


def test_a_slow_answer_comes_at_last(sandbox):
    sandbox.fault(kind="slow", delay=0.3, requests=1)
    began = time.monotonic()
    assert sandbox.call("GET", DEPLOYMENTS)[0] == 200
    assert time.monotonic() - began >= 0.3


def test_a_hanging_request_does_not_hold_up_others_nor_the_end(sandbox):
    sandbox.fault(kind="hang", path="/deployments")
    connection = http.client.HTTPConnection("127.0.0.1", sandbox.server.socket.getsockname()[1])
    connection.request("GET", DEPLOYMENTS)
    assert sandbox.call("GET", "/api/v1/namespaces")[0] == 200
    assert sandbox.call("DELETE", "/sandbox/v1/faults")[0] == 204
    assert sandbox.call("GET", DEPLOYMENTS)[0] == 200
    connection.close()


def test_a_paused_controller_leaves_everything_as_it_is(sandbox):
    assert sandbox.call("PUT", "/sandbox/v1/controller", {"paused": True})[0] == 200
    sandbox.deploy(deployment())
    time.sleep(0.2)
    assert sandbox.pods() == []
    sandbox.call("PUT", "/sandbox/v1/controller", {"paused": False})
    eventually(sandbox.pods)
    assert sandbox.call("PUT", "/sandbox/v1/controller", {"paused": "no"})[0] == 400


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
