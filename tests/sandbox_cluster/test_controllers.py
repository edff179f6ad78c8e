"""The controllers, step by step, on a clock that the test turns."""

import copy

import pytest

from portal.sandbox_cluster import resources
from portal.sandbox_cluster.controllers import deployments, loop
from portal.sandbox_cluster.controllers.events import expire
from tests.sandbox_cluster.support import IMAGE, OTHER, deployment, going, waiting

NEXT = f"registry.example/shop/api@{OTHER}"


def test_pods_run_after_the_start_delay(bench):
    bench.apply(deployment(replicas=2))
    bench.settle()
    assert {waiting(pod)["reason"] for pod in bench.pods} == {"ContainerCreating"}
    assert {pod["status"]["phase"] for pod in bench.pods} == {"Pending"}
    bench.settle(0.4)
    assert {pod["status"]["phase"] for pod in bench.pods} == {"Running"}
    assert bench.deployment()["status"]["availableReplicas"] == 2
    assert bench.condition()["reason"] == "NewReplicaSetAvailable"
    assert bench.condition("Available")["status"] == "True"


def test_an_image_by_digest_runs_as_that_digest(bench):
    bench.apply(deployment())
    bench.settle(1)
    (status,) = bench.pods[0]["status"]["containerStatuses"]
    assert status["image"] == IMAGE
    assert status["imageID"] == IMAGE


def test_a_tag_always_is_the_same_digest(bench):
    bench.apply(deployment(image="registry.example/shop/api:v1", replicas=2))
    bench.settle(1)
    ids = {pod["status"]["containerStatuses"][0]["imageID"] for pod in bench.pods}
    (image_id,) = ids
    assert image_id.startswith("registry.example/shop/api@sha256:")


@pytest.mark.parametrize(
    ("surge", "unavailable", "most", "least"),
    [(1, 0, 5, 4), (0, 1, 4, 3), ("50%", "25%", 6, 3), (2, 2, 6, 2), ("100%", 0, 8, 4)],
)
def test_a_rolling_update_keeps_between_its_limits(bench, surge, unavailable, most, least):
    strategy = {"rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}}
    body = deployment(replicas=4, strategy=strategy)
    bench.apply(body)
    bench.settle(1)
    bench.apply(deployment(image=NEXT, replicas=4, strategy=strategy))
    for _ in range(100):
        bench.settle(0.05)
        status = bench.deployment()["status"]
        assert len(bench.pods) <= most
        assert status.get("availableReplicas", 0) >= least
    assert {pod["spec"]["containers"][0]["image"] for pod in bench.pods} == {NEXT}
    assert status["updatedReplicas"] == status["replicas"] == status["availableReplicas"] == 4


def test_recreate_stops_everything_first(bench):
    body = deployment(replicas=2, strategy={"type": "Recreate"})
    bench.apply(body)
    bench.settle(1)
    other = deployment(image=NEXT, replicas=2, strategy={"type": "Recreate"})
    bench.apply(other)
    for _ in range(60):
        bench.settle(0.05)
        images = {p["spec"]["containers"][0]["image"] for p in bench.of(resources.POD)}
        assert len(images) <= 1
    assert images == {NEXT}


def test_a_bad_image_never_takes_the_old_pods_down(bench):
    bench.apply(deployment(replicas=3))
    bench.settle(1)
    bench.apply(deployment(image=f"registry.example/broken-image@{OTHER}", replicas=3))
    bench.settle(20)
    ready = [pod for pod in bench.pods if pod["status"]["containerStatuses"][0]["ready"]]
    assert len(ready) >= 3
    assert {pod["spec"]["containers"][0]["image"] for pod in ready} == {IMAGE}
    assert bench.condition("Available")["status"] == "True"


def test_a_rollout_that_stands_still_exceeds_its_deadline(bench):
    bench.apply(deployment(image="registry.example/broken-image:1", progressDeadlineSeconds=1))
    bench.settle(1)
    assert bench.condition()["status"] == "True"
    stored = copy.deepcopy(bench.deployment())
    for each in stored["status"]["conditions"]:
        each["lastUpdateTime"] = "2020-01-01T00:00:00Z"
    bench.store.update(resources.DEPLOYMENT, stored)
    bench.settle()
    assert bench.condition()["reason"] == "ProgressDeadlineExceeded"
    assert bench.condition()["status"] == "False"
    assert "has timed out progressing" in bench.condition()["message"]


def test_going_back_uses_the_old_replica_set_with_a_new_revision(bench):
    revision = "deployment.kubernetes.io/revision"
    for image in (IMAGE, NEXT, IMAGE):
        bench.apply(deployment(image=image))
        bench.settle(2)
    assert len(bench.replica_sets) == 2
    assert bench.deployment()["metadata"]["annotations"][revision] == "3"
    revisions = {
        each["metadata"]["annotations"][revision]: each["spec"]["replicas"]
        for each in bench.replica_sets
    }
    assert revisions == {"2": 0, "3": 1}


def test_only_so_many_old_revisions_are_kept(bench):
    for number in range(5):
        bench.apply(deployment(image=f"shop/api:{number}", revisionHistoryLimit=1))
        bench.settle(2)
    assert len(bench.replica_sets) == 2


def test_scaling_changes_no_revision(bench):
    bench.apply(deployment())
    bench.settle(1)
    bench.apply(deployment(replicas=3))
    bench.settle(1)
    assert len(bench.pods) == 3
    bench.apply(deployment(replicas=0))
    bench.settle(1)
    assert bench.pods == []
    assert len(bench.replica_sets) == 1
    messages = [each["message"] for each in bench.events("ScalingReplicaSet")]
    assert {each.rpartition("from ")[2] for each in messages} == {"0 to 1", "1 to 3", "3 to 0"}


def test_a_paused_deployment_scales_but_does_not_roll(bench):
    bench.apply(deployment())
    bench.settle(1)
    bench.apply(deployment(image=NEXT, paused=True))
    bench.settle(1)
    assert len(bench.replica_sets) == 1
    assert bench.deployment()["status"]["observedGeneration"] == 2
    bench.apply(deployment(image=NEXT, paused=False))
    bench.settle(2)
    assert {pod["spec"]["containers"][0]["image"] for pod in bench.pods} == {NEXT}


def test_a_lost_pod_is_replaced(bench):
    bench.apply(deployment())
    bench.settle(1)
    (lost,) = bench.pods
    bench.store.remove(resources.POD, "default", lost["metadata"]["name"])
    bench.settle(1)
    (pod,) = bench.pods
    assert pod["metadata"]["name"] != lost["metadata"]["name"]


def test_dependents_go_with_their_owner(bench):
    bench.apply(deployment(replicas=2))
    bench.settle(1)
    bench.store.remove(resources.DEPLOYMENT, "default", "api")
    bench.settle()
    assert bench.replica_sets == []
    assert all(going(each) for each in bench.of(resources.POD))
    bench.settle(1)
    assert bench.of(resources.POD) == []


def test_init_containers_run_first(bench):
    body = deployment()
    body["spec"]["template"]["spec"]["initContainers"] = [
        {"name": "migrate", "image": "registry.example/broken-image:1"}
    ]
    bench.apply(body)
    bench.settle(3)
    (pod,) = bench.pods
    assert waiting(pod, "initContainerStatuses")["reason"] in {"ErrImagePull", "ImagePullBackOff"}
    assert waiting(pod)["reason"] == "ContainerCreating"
    body["spec"]["template"]["spec"]["initContainers"][0]["image"] = IMAGE
    bench.apply(body)
    bench.settle(20)
    (pod,) = bench.pods
    (init,) = pod["status"]["initContainerStatuses"]
    assert init["state"]["terminated"]["exitCode"] == 0
    assert pod["status"]["phase"] == "Running"


def test_the_same_event_counts_up(bench):
    bench.apply(deployment(image="registry.example/broken-image:1"))
    bench.settle(5)
    failed = [each for each in bench.events("Failed") if each["message"] == "Error: ErrImagePull"]
    (event,) = failed
    assert event["count"] > 1
    assert event["type"] == "Warning"


def test_events_expire_after_an_hour(bench):
    bench.apply(deployment())
    bench.settle(1)
    old = copy.deepcopy(bench.events("Started")[0])
    old["lastTimestamp"] = "2020-01-01T00:00:00Z"
    bench.store.update(resources.EVENT, old)
    expire(bench.store)
    assert bench.events("Started") == []
    assert bench.events("Scheduled")


def test_an_object_that_trips_a_controller_stops_no_other(bench, monkeypatch, caplog):
    real = deployments.reconcile
    others = loop.CONTROLLERS[1:]

    def stumble(cluster, body):
        if body["metadata"]["name"] == "bad":
            raise ZeroDivisionError
        real(cluster, body)

    monkeypatch.setattr(loop, "CONTROLLERS", ((stumble, resources.DEPLOYMENT), *others))
    bench.apply(deployment("bad"))
    bench.apply(deployment("good"))
    bench.settle(1)
    assert len(bench.pods) == 1
    assert caplog.text.count("stumbled over bad") == 1
    bench.apply(deployment("bad", replicas=2))
    bench.settle(1)
    assert caplog.text.count("stumbled over bad") == 2


def test_a_paused_cluster_waits_without_spinning(bench):
    bench.apply(deployment())
    bench.settle()
    bench.time += 10
    assert bench.controllers.seconds_to_next() == 0
    bench.cluster.paused = True
    assert bench.controllers.seconds_to_next() == 1


def test_min_ready_seconds_delay_availability(bench):
    bench.apply(deployment(minReadySeconds=3600))
    bench.settle(2)
    status = bench.deployment()["status"]
    assert status["readyReplicas"] == 1
    assert "availableReplicas" not in status
