"""What the contract tests share: images, manifests, waiting."""

import copy
import json
import os
import time
from dataclasses import dataclass

import pytest
from kubernetes.dynamic.exceptions import DynamicApiError

PAUSE = "registry.k8s.io/pause"
BEFORE = os.environ.get(
    "CONTRACT_IMAGE_BEFORE",
    f"{PAUSE}@sha256:7031c1b283388d2c2e09b57badb803c05ebed362dc88d84b480cc47f72a21097",
)
"""An image that starts and stays (pause 3.9) …"""
AFTER = os.environ.get(
    "CONTRACT_IMAGE_AFTER",
    f"{PAUSE}@sha256:ee6521f290b2168b6e0935a181d4cff9be1ac3f505666ef0e3c98fae8199917a",
)
"""… another one (pause 3.10) …"""
MISSING = os.environ.get("CONTRACT_IMAGE_MISSING", f"{PAUSE}/broken-image@sha256:{'e' * 64}")
"""… and one that no registry has. The sandbox knows it by its name."""


@dataclass(frozen=True)
class Contract:
    """The cluster under test: the official client for it, and what it is."""

    api: object
    dynamic: object
    is_real: bool

    def kind(self, kind, api_version="v1"):
        return self.dynamic.resources.get(api_version=api_version, kind=kind)

    @property
    def deployments(self):
        return self.kind("Deployment", "apps/v1")


def deployment(name, image=BEFORE, replicas=1, **spec):
    """A small Deployment whose pods end at once when they are told to."""
    labels = {"app": name}
    pod = {
        "terminationGracePeriodSeconds": 0,
        "containers": [{"name": "main", "image": image}],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": dict(labels)},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": dict(labels)},
            "template": {"metadata": {"labels": dict(labels)}, "spec": pod},
            **spec,
        },
    }


def changed(body, **spec):
    """A copy of a manifest with other fields of its spec."""
    other = copy.deepcopy(body)
    other["spec"].update(spec)
    return other


def eventually(look, *, seconds=30.0, every=0.05):
    """Look until it is true, and answer what was seen."""
    ends_at = time.monotonic() + seconds
    while True:
        seen = look()
        if seen or time.monotonic() > ends_at:
            assert seen, "it did not happen in time"
            return seen
        time.sleep(every)


def refused(call, **arguments):
    """Call, and answer the Status of the refusal."""
    with pytest.raises(DynamicApiError) as refusal:
        call(**arguments)
    status = json.loads(refusal.value.body)
    assert status["kind"] == "Status"
    assert status["status"] == "Failure"
    assert status["code"] == refusal.value.status
    return status


def fields_of(status):
    return {cause["field"]: cause["message"] for cause in status["details"]["causes"]}
