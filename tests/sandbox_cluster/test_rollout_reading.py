"""What the adapter makes of objects that the sandbox never has: quotas, full nodes, other runtimes."""

from datetime import UTC, datetime, timedelta

import pytest

from deployments.clients import reading, rollouts
from deployments.clients.cluster import PodProblem, RolloutPhase
from tests.sandbox_cluster.support import DIGEST, OTHER, deployment

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def live(conditions=(), **status):
    body = deployment(replicas=2)
    body["metadata"]["generation"] = 2
    body["status"] = {"observedGeneration": 2, "conditions": list(conditions), **status}
    return body


def judged(body, *problems):
    seen = rollouts.status_of(body)
    return rollouts.with_reasons(seen, body, problems, at=NOW, patience=timedelta(seconds=60))


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ({"observedGeneration": 1}, "has not begun"),
        ({"updatedReplicas": 1, "replicas": 2}, "1 of 2 pods are replaced"),
        ({"updatedReplicas": 2, "replicas": 3}, "1 pods of the version before"),
        ({"updatedReplicas": 2, "replicas": 2, "availableReplicas": 1}, "1 of 2 new pods"),
    ],
)
def test_progress_is_a_sentence(status, words):
    seen = rollouts.status_of(live(**status))
    assert seen.phase is RolloutPhase.PROGRESSING
    assert words in seen.reason


def test_a_quota_that_is_full_is_told():
    condition = {"type": "ReplicaFailure", "status": "True", "message": "exceeded quota: pods"}
    seen = judged(live([condition]))
    assert seen.phase is RolloutPhase.PROGRESSING
    assert "exceeded quota: pods" in seen.reason


def test_a_pod_that_finds_no_node_is_told():
    pod = {
        "metadata": {"name": "api-1", "creationTimestamp": "2029-12-31T00:00:00Z"},
        "status": {
            "conditions": [
                {
                    "type": "PodScheduled",
                    "status": "False",
                    "reason": "Unschedulable",
                    "message": "0/3 nodes are available: 3 Insufficient memory",
                }
            ]
        },
    }
    (problem,) = rollouts.problems_of([pod])
    seen = judged(live(), problem)
    assert seen.phase is RolloutPhase.PROGRESSING
    assert "finds no node: 0/3 nodes are available" in seen.reason


def test_a_deadline_without_a_pod_tells_the_clusters_message():
    condition = {
        "type": "Progressing",
        "status": "False",
        "reason": "ProgressDeadlineExceeded",
        "message": "ReplicaSet has timed out progressing.",
    }
    seen = judged(live([condition]))
    assert seen.failed
    assert "timed out progressing" in seen.reason


def test_a_bad_start_is_a_failure_only_after_the_patience():
    young = PodProblem("p", "c", "ImagePullBackOff", "m", since=NOW - timedelta(seconds=59))
    old = PodProblem("p", "c", "ImagePullBackOff", "m", since=NOW - timedelta(seconds=60))
    assert not judged(live(), young).failed
    assert judged(live(), old).failed
    assert not judged(live(), PodProblem("p", "c", "Unknown", "m", since=old.since)).failed


def test_a_container_that_just_ended_is_a_problem_too():
    container = {
        "name": "c",
        "ready": False,
        "restartCount": 2,
        "state": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}},
    }
    pod = {"metadata": {"name": "p"}, "status": {"containerStatuses": [container]}}
    (problem,) = rollouts.problems_of([pod])
    told = rollouts.sentence_of(problem)
    assert told == (
        "Container c of pod p does not run: OOMKilled, it ended with exit code 137 "
        "and was started again 2 times."
    )
    pod["metadata"]["deletionTimestamp"] = "2029-12-31T00:00:00Z"
    assert rollouts.problems_of([pod]) == ()


@pytest.mark.parametrize(
    ("image_id", "digest"),
    [
        (f"registry.example/api@{DIGEST}", DIGEST),
        (f"docker-pullable://registry.example/api@{OTHER}", OTHER),
        (DIGEST, None),
        ("docker://" + DIGEST, None),
        ("", None),
        ("registry.example/api:v1", None),
    ],
)
def test_only_a_repositorys_digest_counts(image_id, digest):
    assert reading.digest_of(image_id) == digest


def test_selectors_are_written_out():
    body = {
        "spec": {
            "selector": {
                "matchLabels": {"a": "b"},
                "matchExpressions": [
                    {"key": "c", "operator": "In", "values": ["d", "e"]},
                    {"key": "f", "operator": "NotIn", "values": ["g"]},
                    {"key": "h", "operator": "Exists"},
                    {"key": "i", "operator": "DoesNotExist"},
                ],
            }
        }
    }
    assert reading.selector_of(body) == "a=b,c in (d,e),f notin (g),h,!i"


def test_what_runs_is_told_apart_by_container_and_age():
    pods = [
        {
            "metadata": {"name": name, "uid": name},
            "spec": {"containers": [{"name": "c", "image": "i"}]},
            "status": {"phase": phase, "containerStatuses": [{"name": "c", "imageID": image_id}]},
        }
        for name, phase, image_id in (
            ("new", "Running", f"i@{DIGEST}"),
            ("old", "Running", f"i@{OTHER}"),
            ("waits", "Pending", ""),
            ("ended", "Succeeded", f"i@{OTHER}"),
        )
    ]
    seen = reading.running(None, pods, pods[:1])
    assert [each.pod for each in seen.new] == ["new"]
    assert [each.pod for each in seen.old] == ["old", "waits"]
    assert seen.digests_of("c") == {DIGEST, OTHER, None}


def test_warnings_are_the_latest_of_ours_each_once():
    def event(uid, message, at, **more):
        return {
            "metadata": {"creationTimestamp": "2020-01-01T00:00:00Z"},
            "involvedObject": {"uid": uid},
            "reason": "Failed",
            "message": message,
            **({"lastTimestamp": at} if at else {}),
            **more,
        }

    events = [
        event("ours", "first", "2029-01-01T00:00:00Z"),
        event("ours", "again", "2029-01-03T00:00:00Z"),
        event("ours", "again", "2029-01-02T00:00:00Z"),
        event("ours", "newest", None, eventTime="2029-02-01T00:00:00.000000Z"),
        event("ours", "oldest", None),
        event("theirs", "other", "2029-01-04T00:00:00Z"),
    ]
    told = rollouts.warnings_of(events, [{"metadata": {"uid": "ours"}}])
    assert told == ("Failed: newest", "Failed: again", "Failed: first", "Failed: oldest")
