"""Lists and watches: selectors, pages, revisions, bookmarks, and revisions that are too old."""

import itertools
import json
import time

import pytest
from kubernetes.client.exceptions import ApiException
from kubernetes.dynamic.exceptions import DynamicApiError

from tests.contract.support import deployment, eventually


@pytest.fixture
def many(contract, namespace):
    for number in range(5):
        body = deployment(f"d{number}", replicas=0)
        body["metadata"]["labels"] = {
            "app": f"d{number}",
            "parity": "odd" if number % 2 else "even",
        }
        if number == 4:
            body["metadata"]["labels"]["tier"] = "web"
        contract.deployments.create(body=body, namespace=namespace)
    return namespace


def names(contract, namespace, **selectors):
    listed = contract.deployments.get(namespace=namespace, **selectors)
    return [each.metadata.name for each in listed.items]


@pytest.mark.parametrize(
    ("selector", "found"),
    [
        ("parity=even", ["d0", "d2", "d4"]),
        ("parity==odd", ["d1", "d3"]),
        ("parity!=odd", ["d0", "d2", "d4"]),
        ("parity in (odd, none)", ["d1", "d3"]),
        ("app notin (d0,d1)", ["d2", "d3", "d4"]),
        ("tier", ["d4"]),
        ("!tier,parity=even", ["d0", "d2"]),
        ("tier!=web", ["d0", "d1", "d2", "d3"]),
        ("nothing=x", []),
    ],
)
def test_labels_select(contract, many, selector, found):
    assert names(contract, many, label_selector=selector) == found


def test_fields_select(contract, many):
    assert names(contract, many, field_selector="metadata.name=d3") == ["d3"]
    assert names(contract, many, field_selector="metadata.name!=d3") == ["d0", "d1", "d2", "d4"]
    inside = f"metadata.namespace={many}"
    everywhere = contract.deployments.get(field_selector=inside)
    assert len(everywhere.items) == 5


@pytest.mark.parametrize(
    "selectors",
    [
        {"label_selector": "a=b=c"},
        {"label_selector": "a in b"},
        {"field_selector": "spec.replicas=1"},
    ],
)
def test_nonsense_selects_nothing_and_says_so(contract, many, selectors):
    with pytest.raises(DynamicApiError) as refusal:
        names(contract, many, **selectors)
    assert refusal.value.status == 400
    assert json.loads(refusal.value.body)["reason"] == "BadRequest"


def test_a_list_comes_in_pages_of_one_moment(contract, many):
    first = contract.deployments.get(namespace=many, limit=2)
    assert [each.metadata.name for each in first.items] == ["d0", "d1"]
    assert first.metadata.remainingItemCount == 3
    contract.deployments.delete(name="d3", namespace=many)
    contract.deployments.create(body=deployment("d2b", replicas=0), namespace=many)

    token = first.metadata["continue"]
    second = contract.deployments.get(namespace=many, limit=2, _continue=token)
    rest = contract.deployments.get(namespace=many, limit=2, _continue=second.metadata["continue"])
    paged = [each.metadata.name for each in itertools.chain(second.items, rest.items)]
    assert paged == ["d2", "d3", "d4"]
    assert "continue" not in rest.metadata.to_dict()
    assert second.metadata.resourceVersion == first.metadata.resourceVersion


def test_a_broken_continue_token_is_refused(contract, many):
    with pytest.raises(DynamicApiError) as refusal:
        contract.deployments.get(namespace=many, limit=2, _continue="broken")
    assert refusal.value.status == 400


def watched(contract, namespace, since, seconds=1, **selectors):
    """Everything that a watch tells in `seconds`: (type, name)."""
    stream = contract.deployments.watch(
        namespace=namespace, resource_version=since, timeout=seconds, **selectors
    )
    return [(event["type"], event["object"].metadata.name) for event in stream]


def test_a_watch_tells_what_came_after_a_revision(contract, namespace):
    since = contract.deployments.get(namespace=namespace).metadata.resourceVersion
    contract.deployments.create(body=deployment("one", replicas=0), namespace=namespace)
    contract.deployments.delete(name="one", namespace=namespace)
    told = watched(contract, namespace, since)
    assert told[0] == ("ADDED", "one")
    assert told[-1] == ("DELETED", "one")
    assert {kind for kind, _ in told[1:-1]} <= {"MODIFIED"}


def test_a_watch_without_a_revision_begins_with_what_is_there(contract, many):
    told = watched(contract, many, None, label_selector="parity=odd", seconds=1)
    assert ("ADDED", "d1") in told
    assert ("ADDED", "d3") in told
    assert ("ADDED", "d2") not in told


def test_what_no_longer_fits_a_watch_is_told_as_deleted(contract, many):
    since = contract.deployments.get(namespace=many).metadata.resourceVersion
    for labels in ({"tier": "web"}, {"tier": None}):
        contract.deployments.patch(
            name="d0",
            namespace=many,
            body={"metadata": {"labels": labels}},
            content_type="application/merge-patch+json",
        )
    told = watched(contract, many, since, label_selector="tier=web")
    assert [kind for kind, name in told if name == "d0"][:1] == ["ADDED"]
    assert told[-1] == ("DELETED", "d0")


def test_a_watch_ends_when_its_time_is_over(contract, namespace):
    began = time.monotonic()
    since = contract.deployments.get(namespace=namespace).metadata.resourceVersion
    assert watched(contract, namespace, since, seconds=1) == []
    assert 0.8 < time.monotonic() - began < 5


def raw_watch(contract, path, **query):
    """The lines of a watch, as they come."""
    query = [("watch", "true"), *((name, str(value)) for name, value in query.items())]
    request = contract.api.param_serialize(
        "GET", path, query_params=query, auth_settings=["BearerToken"]
    )
    response = contract.api.call_api(*request, _request_timeout=(3, 15))
    return response.status, [json.loads(line) for line in response.read().splitlines()]


def test_bookmarks_carry_a_revision_and_nothing_else(contract, many):
    path = f"/apis/apps/v1/namespaces/{many}/deployments"
    since = contract.deployments.get(namespace=many).metadata.resourceVersion
    contract.kind("Namespace").patch(
        name=many,
        body={"metadata": {"annotations": {"touched": "yes"}}},
        content_type="application/merge-patch+json",
    )
    status, told = raw_watch(
        contract, path, resourceVersion=since, allowWatchBookmarks="true", timeoutSeconds=3
    )
    assert status == 200
    for event in told:
        assert event["type"] == "BOOKMARK"
        assert event["object"]["kind"] == "Deployment"
        assert int(event["object"]["metadata"]["resourceVersion"]) >= int(since)
        assert (
            not event["object"]
            .get("spec", {})
            .get("template", {})
            .get("spec", {})
            .get("containers")
        )
    assert told or contract.is_real


def test_a_revision_that_is_too_old_is_gone(contract, namespace):
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments"
    if not contract.is_real:
        request = contract.api.param_serialize("POST", "/sandbox/v1/compact")
        contract.api.call_api(*request, _request_timeout=(3, 5)).read()
    status, told = raw_watch(contract, path, resourceVersion=1, timeoutSeconds=1)
    if contract.is_real and status == 200 and not told:
        pytest.skip("this cluster is too young to have forgotten anything")
    assert status in {200, 410}
    error = told[-1]["object"] if status == 200 else told[-1]
    assert error["kind"] == "Status"
    assert error["code"] == 410
    assert error["reason"] in {"Expired", "Gone"}


def test_the_clients_watch_raises_410(contract, namespace):
    if contract.is_real:
        pytest.skip("nobody can make a real cluster forget")
    request = contract.api.param_serialize("POST", "/sandbox/v1/compact")
    contract.api.call_api(*request, _request_timeout=(3, 5)).read()
    with pytest.raises(ApiException) as gone:
        watched(contract, namespace, "1", seconds=1)
    assert gone.value.status == 410


def test_a_revision_that_is_not_there_yet_is_a_timeout(contract, namespace):
    with pytest.raises(DynamicApiError) as refusal:
        contract.deployments.get(namespace=namespace, resource_version="999999999999")
    status = json.loads(refusal.value.body)
    assert status["code"] == 504
    assert "Too large resource version" in status["message"]


def test_events_are_selected_by_what_they_are_about(contract, namespace):
    contract.deployments.create(body=deployment("api"), namespace=namespace)
    events = contract.kind("Event")
    about = "involvedObject.kind=Deployment,involvedObject.name=api,reason=ScalingReplicaSet"
    (event,) = eventually(lambda: events.get(namespace=namespace, field_selector=about).items)
    assert event.type == "Normal"
    assert event.message.startswith("Scaled up replica set api-")
