"""Whatever is sent, the answer is an object or a refusal, and the controllers go on."""

import copy
import json

import pytest

from portal.sandbox_cluster import resources, verbs
from portal.sandbox_cluster.errors import StatusError
from portal.sandbox_cluster.requests import Options, Target, read_body, read_options
from tests.sandbox_cluster.support import deployment

NONSENSE = [None, True, 1, -1, 1.5, "", "x", "ß" * 300, [], [1], [None], [[]], {}, {"a": 1}]
FULL = deployment(minReadySeconds=0, strategy={"type": "RollingUpdate", "rollingUpdate": {}})
FULL["metadata"] |= {
    "labels": {"a": "b"},
    "annotations": {"a": "b"},
    "finalizers": ["x.y/z"],
    "ownerReferences": [{"uid": "u", "name": "n", "kind": "K", "apiVersion": "v1"}],
}
FULL["spec"]["selector"]["matchExpressions"] = [{"key": "app", "operator": "In", "values": ["api"]}]
FULL["spec"]["template"]["spec"] |= {
    "initContainers": [{"name": "init", "image": "i:1"}],
    "volumes": [{"name": "v", "emptyDir": {}}],
    "nodeSelector": {"a": "b"},
    "terminationGracePeriodSeconds": 0,
}
FULL["spec"]["template"]["spec"]["containers"][0] |= {
    "ports": [{"containerPort": 80, "protocol": "TCP"}],
    "env": [{"name": "A", "value": "1"}],
    "args": ["x"],
    "resources": {"limits": {"cpu": "1"}},
    "volumeMounts": [{"name": "v", "mountPath": "/v"}],
}


def inside(value):
    if isinstance(value, dict):
        return value.items()
    return enumerate(value) if isinstance(value, list) else []


def places(value, path=()):
    if path:
        yield path
    for name, each in inside(value):
        yield from places(each, (*path, name))


def put(body, path, value):
    for name in path[:-1]:
        body = body[name]
    body[path[-1]] = value


PLACES = [path for path in places(FULL) if path[0] not in {"apiVersion", "kind"}]


@pytest.mark.parametrize("path", PLACES, ids=lambda path: ".".join(map(str, path)))
def test_no_value_in_no_place_is_an_accident(bench, path):
    target = Target(resources.DEPLOYMENT, "default", "api")
    for nonsense in NONSENSE:
        body = copy.deepcopy(FULL)
        put(body, path, nonsense)
        for write in (send_create, send_apply, send_merge):
            assert is_answered(write, bench.store, target, copy.deepcopy(body))
            bench.settle(0.1)
    assert bench.controllers._stumbled == {}


def is_answered(write, store, target, body):
    """Whether there is an answer: an object or a refusal that names what is wrong."""
    try:
        return write(store, target, body)
    except StatusError as refusal:
        json.dumps(refusal.as_json())
        return refusal.code in {400, 404, 409, 422} or "typed patch" in refusal.message


def send_create(store, target, body):
    body = read_body(Target(target.resource, target.namespace), json.dumps(body).encode())
    return verbs.create(store, Target(target.resource, "default"), body, Options("fuzz"))


def send_apply(store, target, body):
    body = read_body(target, json.dumps(body).encode(), apply=True)
    return verbs.patch(store, target, verbs.APPLY_PATCH, body, Options("fuzz", force=True))


def send_merge(store, target, body):
    return verbs.patch(store, target, verbs.STRATEGIC_PATCH, body, Options("fuzz"))


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[]", b"7", b"null", b'"x"', b"\xff\xfe", b'{"metadata": 7}']
)
def test_a_body_is_an_object(raw):
    with pytest.raises(StatusError) as refusal:
        read_body(Target(resources.DEPLOYMENT, "default"), raw)
    assert refusal.value.code == 400


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            {"apiVersion": "apps/v2", "kind": "Deployment"},
            "does not match the expected API version",
        ),
        ({"apiVersion": "apps/v1", "kind": "Pod"}, "cannot be handled as a Deployment"),
        ({"metadata": {"namespace": "other"}}, "namespace of the provided object does not match"),
        ({"metadata": {"name": "other"}}, "does not match the name on the URL"),
    ],
)
def test_a_body_is_about_what_its_path_says(body, words):
    with pytest.raises(StatusError, match=words):
        read_body(Target(resources.DEPLOYMENT, "default", "api"), json.dumps(body).encode())


@pytest.mark.parametrize(
    ("query", "apply", "field"),
    [
        ({"dryRun": "Some"}, False, "dryRun"),
        ({"fieldManager": "x" * 129}, False, "fieldManager"),
        ({"fieldManager": "a\nb"}, False, "fieldManager"),
        ({}, True, "fieldManager"),
        ({"force": "true"}, False, "force"),
    ],
)
def test_options_are_checked(query, apply, field):
    with pytest.raises(StatusError) as refusal:
        read_options(query, "agent/1", apply=apply)
    assert refusal.value.code == 422
    assert refusal.value.details["causes"][0]["field"] == field


def test_without_a_field_manager_the_user_agent_names_the_writer():
    assert read_options({}, "kubectl/v1.34 (linux)").manager == "kubectl"
