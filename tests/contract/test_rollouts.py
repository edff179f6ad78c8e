"""Rollouts through the port: what an apply owns, when a rollout is done, and why it fails."""

from datetime import timedelta

import pytest

from deployments.clients.cluster import (
    ANNOTATION_CHANGE_REQUEST,
    ClusterRefused,
    FieldConflict,
    RolloutPhase,
    Workload,
    WorkloadMissing,
)
from tests.contract.support import AFTER, BEFORE, MISSING, deployment, eventually

AT_ONCE = timedelta(0)


@pytest.fixture
def made(contract, workload, cluster):
    """A Deployment of somebody else's, which has rolled out, at one pod a time."""
    contract.deployments.server_side_apply(
        body=deployment(
            workload.name,
            replicas=2,
            strategy={"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
        ),
        name=workload.name,
        namespace=workload.namespace,
        field_manager="helm",
    )
    eventually(lambda: cluster.rollout(workload).done, seconds=120)
    return workload


def take_over(cluster, workload, image=AFTER, **options):
    return cluster.apply(
        workload,
        {"main": image},
        annotations={ANNOTATION_CHANGE_REQUEST: "CR-12"},
        force=True,
        **options,
    )


def follow(cluster, workload, **options):
    """Wait until the rollout is over, as a carry-out does."""
    status = cluster.rollout(workload, **options)
    for _ in range(200):
        if status.phase is not RolloutPhase.PROGRESSING:
            return status
        assert status.reason
        status = cluster.wait(workload, since=status.resource_version, seconds=1, **options)
    raise AssertionError(status)


def test_a_workload_that_is_not_there_is_said_to_be_so(cluster, workload):
    assert not cluster.current(workload).exists
    with pytest.raises(WorkloadMissing):
        cluster.rollout(workload)
    with pytest.raises(WorkloadMissing):
        cluster.running_digests(workload)
    with pytest.raises(WorkloadMissing, match="no template"):
        cluster.apply(workload, {"main": BEFORE})


def test_the_present_state_is_read(cluster, made):
    state = cluster.current(made)
    assert state.exists
    assert state.images == {"main": BEFORE}
    assert state.replicas == 2
    assert state.generation == state.observed_generation == 1


def test_somebody_elses_image_is_not_taken_without_force(cluster, made):
    with pytest.raises(ClusterRefused, match="belongs to 'helm'") as refusal:
        cluster.apply(made, {"main": AFTER})
    field = '.spec.template.spec.containers[name="main"].image'
    assert refusal.value.conflicts == (FieldConflict("helm", field),)
    assert cluster.current(made).images == {"main": BEFORE}


def test_a_rollout_ends_with_the_approved_digest_running(cluster, made):
    applied = take_over(cluster, made)
    assert applied.images == {"main": AFTER}
    assert applied.annotations[ANNOTATION_CHANGE_REQUEST] == "CR-12"
    assert not cluster.rollout(made).done
    status = follow(cluster, made)
    assert status.done, status
    assert (status.desired, status.updated, status.available) == (2, 2, 2)
    wanted = AFTER.rpartition("@")[2]
    new = cluster.running_digests(made).new
    assert len(new) == 2
    assert {each.digest for each in new} == {wanted}
    assert all(each.ready and each.started_at for each in new)
    eventually(lambda: cluster.running_digests(made).digests_of("main") == {wanted})


def test_applying_again_what_is_there_changes_nothing(cluster, made):
    first = take_over(cluster, made)
    again = take_over(cluster, made)
    assert again.generation == first.generation


def test_only_images_and_our_marks_become_ours(contract, cluster, made):
    take_over(cluster, made)
    live = contract.deployments.get(name=made.name, namespace=made.namespace).to_dict()
    (ours,) = [
        each["fieldsV1"]
        for each in live["metadata"]["managedFields"]
        if each["manager"] == "gatehouse"
    ]
    assert ours == {
        "f:metadata": {"f:annotations": {f"f:{ANNOTATION_CHANGE_REQUEST}": {}}},
        "f:spec": {
            "f:template": {
                "f:spec": {
                    "f:containers": {'k:{"name":"main"}': {".": {}, "f:image": {}, "f:name": {}}}
                }
            }
        },
    }


def test_others_go_on_managing_what_is_theirs(contract, cluster, made):
    take_over(cluster, made)
    body = deployment(made.name, replicas=3)
    del body["spec"]["template"]["spec"]["containers"][0]["image"]
    contract.deployments.server_side_apply(
        body=body, name=made.name, namespace=made.namespace, field_manager="helm"
    )
    state = cluster.current(made)
    assert state.replicas == 3
    assert state.images == {"main": AFTER}


def test_a_dry_run_says_what_would_be_and_changes_nothing(cluster, made):
    assert take_over(cluster, made, dry_run=True).images == {"main": AFTER}
    assert cluster.current(made).images == {"main": BEFORE}
    with pytest.raises(ClusterRefused, match="belongs to 'helm'"):
        cluster.apply(made, {"main": AFTER}, dry_run=True)


def test_an_image_that_no_registry_has_fails_and_the_old_one_still_runs(cluster, made):
    take_over(cluster, made, image=MISSING)
    status = follow(cluster, made, patience=AT_ONCE)
    assert status.failed
    assert "ErrImagePull" in status.reason or "ImagePullBackOff" in status.reason
    (problem,) = {each.container for each in status.problems}
    assert problem == "main"
    eventually(
        lambda: any("pull image" in each for each in cluster.rollout(made).warnings), seconds=60
    )
    old = cluster.running_digests(made).old
    assert len([each for each in old if each.ready]) == 2
    assert {each.digest for each in old} == {BEFORE.rpartition("@")[2]}


def test_patience_keeps_a_bad_start_from_being_a_failure(cluster, made):
    take_over(cluster, made, image=MISSING)
    status = eventually(
        lambda: (seen := cluster.rollout(made, patience=timedelta(hours=1))).problems and seen
    )
    assert status.phase is RolloutPhase.PROGRESSING
    assert "does not run" in status.reason


def test_the_clusters_own_deadline_fails_a_rollout(contract, cluster, made):
    contract.deployments.patch(
        name=made.name,
        namespace=made.namespace,
        body={"spec": {"progressDeadlineSeconds": 2}},
        content_type="application/merge-patch+json",
    )
    take_over(cluster, made, image=MISSING)
    status = follow(cluster, made, patience=timedelta(hours=1))
    assert status.failed
    assert "ProgressDeadlineExceeded" in status.reason


def test_going_back_after_a_failure_rolls_out(cluster, made):
    take_over(cluster, made, image=MISSING)
    assert follow(cluster, made, patience=AT_ONCE).failed
    take_over(cluster, made, image=BEFORE)
    assert follow(cluster, made, patience=AT_ONCE).done
    new = cluster.running_digests(made).new
    assert {each.digest for each in new} == {BEFORE.rpartition("@")[2]}


def test_a_missing_workload_is_created_from_a_template(contract, cluster, workload):
    template = {
        "replicas": 1,
        "template": {"spec": {"terminationGracePeriodSeconds": 0}},
    }
    tried = cluster.apply(workload, {"main": BEFORE}, template=template, dry_run=True)
    assert tried.images == {"main": BEFORE}
    assert not cluster.current(workload).exists

    made = cluster.apply(workload, {"main": BEFORE}, template=template)
    assert made.labels["app.kubernetes.io/managed-by"] == "gatehouse"
    assert follow(cluster, workload).done
    # Without the template, too: what is ours must not be given up by leaving it out.
    again = cluster.apply(workload, {"main": AFTER}, annotations={"gatehouse.dev/release": "2"})
    assert again.images == {"main": AFTER}
    assert again.annotations["gatehouse.dev/release"] == "2"
    live = contract.deployments.get(name=workload.name, namespace=workload.namespace)
    assert live.spec.selector.matchLabels.to_dict() == {"app.kubernetes.io/name": workload.name}
    assert live.spec.template.spec.terminationGracePeriodSeconds == 0
    assert follow(cluster, workload).done


def test_a_container_that_is_not_there_is_refused_by_name(cluster, made):
    with pytest.raises(ClusterRefused, match="no container 'mian'; it has main"):
        cluster.apply(made, {"mian": AFTER}, force=True)


def test_an_invalid_template_is_refused_with_the_clusters_words(cluster, workload):
    with pytest.raises(ClusterRefused, match="is invalid") as refusal:
        cluster.apply(workload, {"Bad_Name": BEFORE}, template={})
    assert refusal.value.status == 422


def test_an_inventory_lists_every_workload(contract, cluster, namespace):
    for name in ("b", "a"):
        contract.deployments.create(body=deployment(name, replicas=0), namespace=namespace)
    listed = cluster.list_workloads(namespace)
    assert [each.workload for each in listed] == [
        Workload(namespace, "a"),
        Workload(namespace, "b"),
    ]
    assert listed[0].images == {"main": BEFORE}


def test_a_check_says_the_version_and_whether_we_may_apply(cluster, namespace):
    check = cluster.check(namespace)
    assert check.version.startswith("v1.")
    assert check.may_apply in {True, None}
    assert check.version in check.sentence
