"""A sandbox cluster in a thread of the test, and one without a server for what needs none."""

import asyncio
import contextlib
import copy
import json
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field

from portal.sandbox_cluster import resources, verbs, writing
from portal.sandbox_cluster.cluster import Cluster, Pace
from portal.sandbox_cluster.controllers.loop import Controllers
from portal.sandbox_cluster.requests import Options, Target
from portal.sandbox_cluster.server import Server, Settings

DIGEST = "sha256:" + "a" * 64
OTHER = "sha256:" + "b" * 64
IMAGE = f"registry.example/shop/api@{DIGEST}"


def deployment(name="api", image=IMAGE, replicas=1, **spec):
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "main", "image": image}]},
            },
            **spec,
        },
    }


class Sandbox:
    """A running server: `call` it, `stop` it."""

    def __init__(self, **settings):
        self.server = Server(Settings(pace=Pace(start=0.05, stop=0.02, back_off=0.05), **settings))
        self.token = settings.get("token", "")
        ready = threading.Event()
        run = self.server.run(lambda _: ready.set())
        self._thread = threading.Thread(target=asyncio.run, args=[run], daemon=True)
        self._thread.start()
        assert ready.wait(10)
        self.url = self.server.url

    def stop(self):
        self.server.stop()
        self._thread.join(10)
        assert not self._thread.is_alive()

    def call(self, method, path, body=None, content_type="application/json"):
        """Answer the status and the JSON of one request."""
        headers = {"Content-Type": content_type}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        raw = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310 -- our own server
            self.url + path, raw, headers, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=5) as response:  # noqa: S310 -- our own server
                return response.status, _json(response.read())
        except urllib.error.HTTPError as error:
            with contextlib.closing(error):
                return error.code, _json(error.read())

    def fault(self, **body):
        status, answer = self.call("POST", "/sandbox/v1/faults", body)
        assert status == 201, answer
        return answer["id"]

    def deploy(self, body):
        path = f"/apis/apps/v1/namespaces/default/deployments/{body['metadata']['name']}"
        status, answer = self.call(
            "PATCH", f"{path}?fieldManager=tests&force=true", body, verbs.APPLY_PATCH
        )
        assert status in {200, 201}, answer
        return answer

    def pods(self):
        return self.call("GET", "/api/v1/namespaces/default/pods")[1]["items"]


def _json(raw):
    with contextlib.suppress(ValueError):
        return json.loads(raw)
    return raw


def eventually(look, seconds=10.0):
    ends_at = time.monotonic() + seconds
    while not (seen := look()):
        assert time.monotonic() < ends_at, "it did not happen in time"
        time.sleep(0.02)
    return seen


@dataclass
class Bench:
    """The controllers on a clock that the test turns."""

    time: float = 0.0
    pace: Pace = field(default_factory=Pace)

    def __post_init__(self):
        self.cluster = Cluster(pace=self.pace, clock=lambda: self.time)
        self.store = self.cluster.store
        self.controllers = Controllers(self.cluster)
        writing.create(self.store, resources.NAMESPACE, {"metadata": {"name": "default"}}, "test")

    def settle(self, seconds=0.0):
        """Let time pass and everything happen that falls due."""
        ends_at = self.time + seconds
        self.controllers.settle()
        while self.time < ends_at:
            self.time = min(ends_at, self.time + 0.05)
            self.controllers.settle()

    def apply(self, body, manager="tests", resource=resources.DEPLOYMENT, **options):
        target = Target(resource, "default", body["metadata"]["name"])
        answer, _ = verbs.patch(
            self.store, target, verbs.APPLY_PATCH, copy.deepcopy(body), Options(manager, **options)
        )
        return answer

    def deployment(self, name="api"):
        return self.store.get(resources.DEPLOYMENT, "default", name)

    def of(self, resource):
        return self.store.all(resource, "default")

    @property
    def pods(self):
        return [each for each in self.of(resources.POD) if not going(each)]

    @property
    def replica_sets(self):
        return self.of(resources.REPLICA_SET)

    def events(self, reason):
        return [each for each in self.of(resources.EVENT) if each["reason"] == reason]

    def condition(self, kind="Progressing"):
        conditions = self.deployment()["status"]["conditions"]
        return next(each for each in conditions if each["type"] == kind)


def going(body):
    return "deletionTimestamp" in body["metadata"]


def waiting(pod, kind="containerStatuses"):
    (status,) = pod["status"][kind]
    return status["state"].get("waiting", {})
