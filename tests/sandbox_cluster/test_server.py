"""The server as a process: state that survives, a start that explains itself, the token."""

import http.client
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from portal.sandbox_cluster import __main__ as command
from portal.sandbox_cluster.snapshot import SnapshotUnreadable
from tests.sandbox_cluster.support import Sandbox, deployment, eventually
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
