"""Server-side apply: who owns what, conflicts, force, and giving a field up."""

import json

import pytest
from kubernetes.dynamic.exceptions import ConflictError, DynamicApiError

from tests.contract.support import AFTER, BEFORE, deployment

IMAGE = '.spec.template.spec.containers[name="main"].image'


def image_only(image):
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "api"},
        "spec": {"template": {"spec": {"containers": [{"name": "main", "image": image}]}}},
    }


@pytest.fixture
def apply(contract, namespace):
    def apply(body, manager, **options):
        return contract.deployments.server_side_apply(
            body=body, name="api", namespace=namespace, field_manager=manager, **options
        ).to_dict()

    return apply


def fields_of(live, manager, operation="Apply"):
    for entry in live["metadata"]["managedFields"]:
        if (entry["manager"], entry["operation"]) == (manager, operation) and not entry.get(
            "subresource"
        ):
            assert entry["fieldsType"] == "FieldsV1"
            assert entry["apiVersion"] == "apps/v1"
            return entry["fieldsV1"]
    return {}


def container_fields(fields):
    return fields["f:spec"]["f:template"]["f:spec"]["f:containers"]['k:{"name":"main"}']


def test_an_apply_creates_what_is_not_there(apply, contract, namespace):
    created = apply(deployment("api", replicas=0), "alice")
    assert created["metadata"]["generation"] == 1
    assert contract.deployments.get(name="api", namespace=namespace).metadata.uid


def test_an_applier_owns_what_it_said_and_not_the_defaults(apply):
    fields = fields_of(apply(deployment("api", replicas=0), "alice"), "alice")
    assert fields["f:spec"]["f:replicas"] == {}
    assert set(container_fields(fields)) == {".", "f:name", "f:image"}
    assert "f:strategy" not in fields["f:spec"]
    assert fields["f:metadata"]["f:labels"] == {"f:app": {}}


def test_the_same_apply_again_changes_nothing(apply):
    first = apply(deployment("api", replicas=0), "alice")
    again = apply(deployment("api", replicas=0), "alice")
    assert again["metadata"]["generation"] == first["metadata"]["generation"]
    assert fields_of(again, "alice") == fields_of(first, "alice")


def test_another_managers_field_is_a_conflict_that_names_both(apply):
    apply(deployment("api", replicas=0), "alice")
    with pytest.raises(ConflictError) as refusal:
        apply(image_only(AFTER), "bob")
    status = json.loads(refusal.value.body)
    assert status["reason"] == "Conflict"
    assert status["message"] == f'Apply failed with 1 conflict: conflict with "alice": {IMAGE}'
    assert status["details"]["causes"] == [
        {
            "reason": "FieldManagerConflict",
            "message": 'conflict with "alice"',
            "field": IMAGE,
        }
    ]


def test_several_conflicts_are_all_named(apply):
    apply(deployment("api", replicas=0), "alice")
    body = image_only(AFTER)
    body["spec"]["replicas"] = 1
    with pytest.raises(ConflictError) as refusal:
        apply(body, "bob")
    status = json.loads(refusal.value.body)
    assert status["message"].startswith('Apply failed with 2 conflicts: conflicts with "alice":')
    assert {cause["field"] for cause in status["details"]["causes"]} == {IMAGE, ".spec.replicas"}


def test_a_field_that_was_updated_is_a_conflict_too(apply, contract, namespace):
    contract.deployments.create(
        body=deployment("api", replicas=0), namespace=namespace, field_manager="kubectl-create"
    )
    with pytest.raises(ConflictError) as refusal:
        apply(image_only(AFTER), "bob")
    (cause,) = json.loads(refusal.value.body)["details"]["causes"]
    assert cause["message"].startswith('conflict with "kubectl-create" using apps/v1')


def test_the_same_value_is_owned_together(apply):
    apply(deployment("api", replicas=0), "alice")
    live = apply(image_only(BEFORE), "bob")
    assert "f:image" in container_fields(fields_of(live, "alice"))
    assert "f:image" in container_fields(fields_of(live, "bob"))


def test_force_takes_the_field_from_the_other(apply):
    apply(deployment("api", replicas=0), "alice")
    live = apply(image_only(AFTER), "bob", force_conflicts=True)
    assert live["spec"]["template"]["spec"]["containers"][0]["image"] == AFTER
    assert "f:image" not in container_fields(fields_of(live, "alice"))
    assert "f:image" in container_fields(fields_of(live, "bob"))
    assert live["metadata"]["generation"] == 2


def test_a_field_that_is_no_longer_applied_goes(apply):
    body = deployment("api", replicas=0)
    body["metadata"]["annotations"] = {"note": "x", "other": "y"}
    body["spec"]["template"]["spec"]["containers"][0]["env"] = [
        {"name": "A", "value": "1"},
        {"name": "B", "value": "2"},
    ]
    apply(body, "alice")
    del body["metadata"]["annotations"]["note"]
    del body["spec"]["template"]["spec"]["containers"][0]["env"][0]
    live = apply(body, "alice")
    annotations = live["metadata"]["annotations"]
    assert "note" not in annotations
    assert annotations["other"] == "y"
    env = live["spec"]["template"]["spec"]["containers"][0]["env"]
    assert env == [{"name": "B", "value": "2"}]


def test_a_field_that_another_owns_too_stays(apply):
    apply(deployment("api", replicas=0), "alice")
    body = image_only(BEFORE)
    body["metadata"]["labels"] = {"app": "api"}
    apply(body, "bob")
    given_up = deployment("api", replicas=0)
    del given_up["metadata"]["labels"]
    live = apply(given_up, "alice")
    assert live["metadata"]["labels"]["app"] == "api"


def test_what_cannot_be_given_up_is_refused(apply):
    """The only owner of a required field cannot drop it."""
    apply(deployment("api", replicas=0), "alice")
    body = deployment("api", replicas=0)
    del body["spec"]["template"]["spec"]["containers"][0]["image"]
    with pytest.raises(DynamicApiError) as refusal:
        apply(body, "alice")
    status = json.loads(refusal.value.body)
    assert status["code"] == 422
    causes = {cause["field"]: cause["message"] for cause in status["details"]["causes"]}
    assert causes["spec.template.spec.containers[0].image"] == "Required value"


def test_containers_ports_and_env_merge_by_their_keys(apply):
    body = deployment("api", replicas=0)
    main = body["spec"]["template"]["spec"]["containers"][0]
    main["ports"] = [{"containerPort": 80}, {"containerPort": 80, "protocol": "UDP"}]
    main["env"] = [{"name": "A", "value": "1"}]
    apply(body, "alice")
    more = image_only(BEFORE)
    container = more["spec"]["template"]["spec"]["containers"][0]
    container["env"] = [{"name": "B", "value": "2"}]
    container["ports"] = [{"containerPort": 81}]
    live = apply(more, "bob")
    main = live["spec"]["template"]["spec"]["containers"][0]
    assert main["env"] == [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]
    assert [(each["containerPort"], each["protocol"]) for each in main["ports"]] == [
        (80, "TCP"),
        (80, "UDP"),
        (81, "TCP"),
    ]


def test_a_dry_run_of_an_apply_says_what_would_be(apply, contract, namespace):
    tried = apply(deployment("api", replicas=0), "alice", dry_run="All")
    assert tried["spec"]["replicas"] == 0
    with pytest.raises(DynamicApiError):
        contract.deployments.get(name="api", namespace=namespace)
    apply(deployment("api", replicas=0), "alice")
    with pytest.raises(ConflictError):
        apply(image_only(AFTER), "bob", dry_run="All")
    live = contract.deployments.get(name="api", namespace=namespace).to_dict()
    assert fields_of(live, "bob") == {}


def test_an_apply_names_its_manager(apply):
    with pytest.raises(DynamicApiError) as refusal:
        apply(deployment("api"), "")
    assert refusal.value.status in {400, 422}
    assert "fieldManager" in json.loads(refusal.value.body)["message"]


def test_an_update_moves_ownership_silently(apply, contract, namespace):
    live = apply(deployment("api", replicas=0), "alice")
    contract.deployments.patch(
        name="api",
        namespace=namespace,
        body=image_only(AFTER),
        content_type="application/strategic-merge-patch+json",
        field_manager="kubectl-edit",
    )
    live = contract.deployments.get(name="api", namespace=namespace).to_dict()
    assert "f:image" not in container_fields(fields_of(live, "alice"))
    assert "f:image" in container_fields(fields_of(live, "kubectl-edit", "Update"))


def test_an_apply_names_every_item_of_a_list_once(apply):
    body = deployment("api", replicas=0)
    containers = body["spec"]["template"]["spec"]["containers"]
    containers.append(dict(containers[0]))
    with pytest.raises(DynamicApiError) as refusal:
        apply(body, "alice")
    assert refusal.value.status >= 400
    assert "duplicate entries for key" in json.loads(refusal.value.body)["message"]
    del containers[1]["name"]
    with pytest.raises(DynamicApiError) as refusal:
        apply(body, "alice")
    assert "omits key field" in json.loads(refusal.value.body)["message"]


def test_managed_fields_are_not_applied(apply):
    live = apply(deployment("api", replicas=0), "alice")
    body = deployment("api", replicas=0)
    body["metadata"]["managedFields"] = live["metadata"]["managedFields"]
    with pytest.raises(DynamicApiError) as refusal:
        apply(body, "alice")
    assert refusal.value.status == 400
    assert "metadata.managedFields must be nil" in json.loads(refusal.value.body)["message"]


def test_an_apply_may_name_the_revision_it_read(apply):
    live = apply(deployment("api", replicas=0), "alice")
    apply(deployment("api", replicas=1), "alice")
    body = deployment("api", replicas=2)
    body["metadata"]["resourceVersion"] = live["metadata"]["resourceVersion"]
    with pytest.raises(ConflictError) as refusal:
        apply(body, "alice")
    assert "the object has been modified" in json.loads(refusal.value.body)["message"]


def test_an_item_of_a_list_goes_when_its_only_owner_drops_it(apply):
    body = deployment("api", replicas=0)
    body["spec"]["template"]["spec"]["containers"].append({"name": "side", "image": AFTER})
    apply(body, "alice")
    live = apply(deployment("api", replicas=0), "alice")
    names = [each["name"] for each in live["spec"]["template"]["spec"]["containers"]]
    assert names == ["main"]
