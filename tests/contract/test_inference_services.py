"""Models through the port: KServe's own controller, or the sandbox's, must keep these promises.

On a real cluster the models are KServe's public examples; name others by the environment.
"""

import os
import time
from datetime import timedelta

import pytest
from kubernetes.dynamic.exceptions import ResourceNotFoundError

from deployments.clients.cluster import (
    ClusterRefused,
    RolloutPhase,
    Workload,
    WorkloadKind,
    WorkloadMissing,
)
from deployments.clients.serving import (
    ANNOTATION_MODEL_DIGEST,
    Predictor,
    Serving,
    ServingMode,
)
from tests.contract.support import eventually

EXAMPLES = "gs://kfserving-examples/models/sklearn/1.0"
BEFORE = os.environ.get("CONTRACT_MODEL_BEFORE", f"{EXAMPLES}/model")
AFTER = os.environ.get("CONTRACT_MODEL_AFTER", f"{EXAMPLES}/model-2")
MISSING = os.environ.get("CONTRACT_MODEL_MISSING", f"{EXAMPLES}/broken-model")
MODES = os.environ.get("CONTRACT_SERVING_MODES", "Standard Knative").split()
AT_ONCE = timedelta(0)
PATIENCE = float(os.environ.get("CONTRACT_SERVING_SECONDS", "300"))
"""A real cluster pulls images first, and Knative keeps a revision without requests for a minute."""


@pytest.fixture
def service(contract, namespace):
    try:
        contract.kind("InferenceService", "serving.kserve.io/v1beta1")
    except ResourceNotFoundError:
        pytest.skip("This cluster has no InferenceService: KServe is not installed there.")
    return Workload(namespace, "fraud", WorkloadKind.INFERENCE_SERVICE)


def predictor(address, digest="a", name="", **more):
    marks = {ANNOTATION_MODEL_DIGEST: f"sha256:{digest * 64}"}
    return Predictor(address, "sklearn", replicas=1, name=name, annotations=marks, **more)


def follow(cluster, service, wanted, *, beside=False, **options):
    """Wait until the rollout is over, as a carry-out does."""
    status = cluster.serving_rollout(service, wanted, beside=beside, **options)
    ends_at = time.monotonic() + PATIENCE
    while time.monotonic() < ends_at:
        if status.phase is not RolloutPhase.PROGRESSING:
            return status
        assert status.reason
        since = status.resource_version
        status = cluster.wait_for_serving(
            service, wanted, since=since, beside=beside, seconds=1, **options
        )
    raise AssertionError(status)


@pytest.fixture(params=MODES)
def mode(request):
    return ServingMode(request.param)


@pytest.fixture
def made(cluster, service, mode):
    """A service of ours whose first model is loaded."""
    cluster.serve(service, Serving(predictor(BEFORE), mode))
    status = follow(cluster, service, predictor(BEFORE))
    assert status.done, status
    return service


def addresses(cluster, service):
    return {each.storage_uri for each in cluster.served(service).pods if not each.terminating}


def test_a_service_that_is_not_there_is_said_to_be_so(cluster, service):
    assert not cluster.serving(service).exists
    with pytest.raises(WorkloadMissing):
        cluster.serving_rollout(service, predictor(BEFORE))


def test_a_service_is_created_and_says_what_it_serves(cluster, made, mode):
    state = cluster.serving(made)
    assert state.mode is mode
    assert state.is_ours
    assert state.predictor.storage_uri == BEFORE
    assert state.predictor.digest == f"sha256:{'a' * 64}"
    served = cluster.served(made)
    assert {each.storage_uri for each in served.pods} == {BEFORE}
    assert {each.digest for each in served.pods} == {f"sha256:{'a' * 64}"}
    assert served.elsewhere == ()


def test_the_same_apply_again_changes_nothing(contract, cluster, made, mode):
    kind = contract.kind("InferenceService", "serving.kserve.io/v1beta1")
    first = kind.get(name=made.name, namespace=made.namespace).metadata.generation
    cluster.serve(made, Serving(predictor(BEFORE), mode))
    assert kind.get(name=made.name, namespace=made.namespace).metadata.generation == first


def test_an_update_is_not_done_while_the_model_before_still_serves(cluster, made, mode):
    wanted = predictor(AFTER, "b")
    cluster.serve(made, Serving(wanted, mode))
    assert not cluster.serving_rollout(made, wanted).done
    assert follow(cluster, made, wanted).done
    eventually(lambda: addresses(cluster, made) == {AFTER}, seconds=PATIENCE)


def test_a_challenger_gets_its_part_and_then_all(cluster, made, mode):
    challenger = predictor(AFTER, "b", "b" if mode is ServingMode.STANDARD else "")
    for percent in (0, 20):
        cluster.serve(made, Serving(predictor(BEFORE), mode, challenger, percent))
        status = follow(cluster, made, challenger, beside=True)
        assert status.done, status
        eventually(lambda part=percent: cluster.traffic(made, challenger) == part, seconds=PATIENCE)
    assert cluster.serving(made).canaries == 1
    assert cluster.served(made).elsewhere
    cluster.serve(made, Serving(challenger, mode))
    assert follow(cluster, made, challenger).done
    eventually(
        lambda: addresses(cluster, made) == {AFTER} and cluster.served(made).elsewhere == (),
        seconds=PATIENCE,
    )
    assert cluster.serving(made).canaries == 0


def test_a_challenger_is_taken_away_again(cluster, made, mode):
    challenger = predictor(AFTER, "b", "b" if mode is ServingMode.STANDARD else "")
    cluster.serve(made, Serving(predictor(BEFORE), mode, challenger, 20))
    assert follow(cluster, made, challenger, beside=True).done
    if mode is ServingMode.KNATIVE:
        cluster.serve(made, Serving(challenger, mode, predictor(BEFORE), 0))
        assert follow(cluster, made, predictor(BEFORE), beside=True).done
    cluster.serve(made, Serving(predictor(BEFORE), mode))
    assert follow(cluster, made, predictor(BEFORE)).done
    eventually(
        lambda: addresses(cluster, made) == {BEFORE} and cluster.served(made).elsewhere == (),
        seconds=PATIENCE,
    )


def test_a_model_that_is_not_there_fails_with_the_clusters_words_and_the_old_one_serves(
    cluster, made, mode
):
    wanted = predictor(MISSING, "c")
    cluster.serve(made, Serving(wanted, mode))
    status = follow(cluster, made, wanted, patience=AT_ONCE)
    assert status.failed
    assert status.reason
    ready = {each.storage_uri for each in cluster.served(made).pods if each.ready}
    assert ready == {BEFORE}


def test_a_format_that_no_runtime_knows_fails_and_says_so(cluster, service):
    wanted = Predictor(BEFORE, "no-such-format")
    try:
        cluster.serve(service, Serving(wanted))
    except ClusterRefused:
        return
    status = follow(cluster, service, wanted, patience=AT_ONCE)
    assert status.failed
    assert "NoSupportingRuntime" in status.reason


def test_a_dry_run_changes_nothing(cluster, made, mode):
    cluster.serve(made, Serving(predictor(AFTER, "b"), mode), dry_run=True)
    assert cluster.serving(made).predictor.storage_uri == BEFORE


def test_the_mode_cannot_change(cluster, made, mode):
    other = next(each for each in ServingMode if each is not mode)
    with pytest.raises(ClusterRefused, match="deploymentMode"):
        cluster.serve(made, Serving(predictor(BEFORE), other), dry_run=True)


def test_an_address_without_a_loader_is_refused(cluster, service):
    with pytest.raises(ClusterRefused, match="not supported"):
        cluster.serve(service, Serving(predictor("ftp://models/fraud")), dry_run=True)


@pytest.mark.skipif(len(MODES) == 1, reason="This cluster has one of KServe's modes only.")
def test_a_canary_of_the_other_mode_is_refused(contract, service):
    kind = contract.kind("InferenceService", "serving.kserve.io/v1beta1")
    model = {"modelFormat": {"name": "sklearn"}, "storageUri": BEFORE}
    body = {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {
            "name": service.name,
            "annotations": {"serving.kserve.io/deploymentMode": "Knative"},
        },
        "spec": {
            "predictor": {"model": model},
            "canary": [{"trafficPercent": 10, "predictor": {"name": "b", "model": model}}],
        },
    }
    with pytest.raises(Exception, match=r"(?i)canary"):
        kind.create(body=body, namespace=service.namespace, dry_run="All")


def test_somebody_elses_model_is_not_taken_without_force(contract, cluster, service):
    kind = contract.kind("InferenceService", "serving.kserve.io/v1beta1")
    body = {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {
            "name": service.name,
            "annotations": {"serving.kserve.io/deploymentMode": "Standard"},
        },
        "spec": {
            "predictor": {"model": {"modelFormat": {"name": "sklearn"}, "storageUri": BEFORE}}
        },
    }
    kind.server_side_apply(
        body=body, name=service.name, namespace=service.namespace, field_manager="helm"
    )
    with pytest.raises(ClusterRefused, match="belongs to 'helm'"):
        cluster.serve(service, Serving(predictor(AFTER)), dry_run=True)
    cluster.serve(service, Serving(predictor(AFTER)), force=True)
    assert cluster.serving(service).predictor.storage_uri == AFTER


def test_a_stopped_service_has_no_pods_and_comes_back(cluster, made, mode):
    cluster.serve(made, Serving(predictor(BEFORE), mode, stopped=True))
    eventually(lambda: not addresses(cluster, made), seconds=PATIENCE)
    assert cluster.serving(made).stopped
    cluster.serve(made, Serving(predictor(BEFORE), mode))
    assert follow(cluster, made, predictor(BEFORE)).done
