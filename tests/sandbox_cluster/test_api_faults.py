"""Faults of the API on request, and the pause."""

import http.client
import time
import urllib.error

import pytest

from tests.sandbox_cluster.support import deployment, eventually

DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"


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
