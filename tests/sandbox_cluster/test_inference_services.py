"""What only the sandbox's KServe has: faults by name and on request, and its misleading status."""

import pytest

from portal.sandbox_cluster import resources
from portal.sandbox_cluster.errors import StatusError
from portal.sandbox_cluster.resources import INFERENCE_SERVICE


def service(address="s3://models/fraud/1", **spec):
    model = {"modelFormat": {"name": "sklearn"}, "storageUri": address}
    return {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {"name": "fraud", "namespace": "default"},
        "spec": {"predictor": {"model": model}, **spec},
    }


def put(bench, body, seconds=2.0):
    bench.apply(body, resource=INFERENCE_SERVICE)
    bench.settle(seconds)
    (seen,) = bench.of(INFERENCE_SERVICE)
    return seen["status"]


def condition(status, kind="Ready"):
    return next(each for each in status["conditions"] if each["type"] == kind)["status"]


def test_a_model_is_loaded_and_all_is_well(bench):
    status = put(bench, service())
    assert status["modelStatus"]["transitionStatus"] == "UpToDate"
    assert status["deploymentMode"] == "Standard"
    assert (condition(status), condition(status, "Stopped")) == ("True", "False")


@pytest.mark.parametrize("address", ["s3://models/broken-fraud/1", "mlflow-artifacts:/1/model"])
def test_a_model_that_cannot_be_loaded_is_known_by_its_address(bench, address):
    status = put(bench, service(address))
    assert status["modelStatus"]["transitionStatus"] == "BlockedByFailedLoad"
    assert status["modelStatus"]["lastFailureInfo"]["exitCode"] == 1
    assert address in status["modelStatus"]["lastFailureInfo"]["message"]


def test_a_service_stays_ready_while_its_update_fails(bench):
    put(bench, service())
    bench.cluster.faults.declare({"kind": "model_load", "address": "fraud/2", "message": "gone"})
    status = put(bench, service("s3://models/fraud/2"))
    assert condition(status) == "True"
    assert status["modelStatus"]["states"]["activeModelState"] == "Loaded"
    assert status["modelStatus"]["lastFailureInfo"]["message"] == "gone"


def test_a_model_heals_when_the_fault_is_lifted(bench):
    bench.cluster.faults.declare({"kind": "model_load", "address": "fraud"})
    assert condition(put(bench, service())) == "False"
    bench.cluster.faults.lift_all()
    bench.settle(12)
    (seen,) = bench.of(INFERENCE_SERVICE)
    assert condition(seen["status"]) == "True"


def test_what_a_service_made_goes_with_it(bench):
    put(bench, service())
    assert len(bench.of(resources.DEPLOYMENT)) == 1
    bench.cluster.store.remove(INFERENCE_SERVICE, "default", "fraud")
    bench.settle(2)
    assert bench.of(resources.DEPLOYMENT) == []


@pytest.mark.parametrize(
    ("canary", "why"),
    [
        ([{"trafficPercent": 10, "predictor": {}}], "name is required"),
        ([{"trafficPercent": 101, "predictor": {"name": "b"}}], "between 0 and 100"),
        (
            [
                {"trafficPercent": 60, "predictor": {"name": "b"}},
                {"trafficPercent": 60, "predictor": {"name": "c"}},
            ],
            "must not exceed 100",
        ),
        ([{"trafficPercent": 1, "predictor": {"name": "b", "maxReplicas": 2}}], "autoscaling"),
        ([{"trafficPercent": 1, "predictor": {"name": "b"}}] * 2, "must be unique"),
    ],
)
def test_a_canary_that_makes_no_sense_is_refused(bench, canary, why):
    with pytest.raises(StatusError) as refusal:
        put(bench, service(canary=canary))
    assert refusal.value.code == 403
    assert why in refusal.value.message


@pytest.mark.parametrize(
    "spec",
    [
        {"predictor": None},
        {"predictor": "sklearn"},
        {"predictor": {"model": "sklearn"}},
        {"predictor": {"minReplicas": "many", "model": {"modelFormat": {"name": "sklearn"}}}},
        {"canary": "ten"},
        {"canary": [7]},
    ],
    ids=["none", "text", "model", "replicas", "canary", "number"],
)
def test_nonsense_in_one_service_stops_no_other(bench, spec):
    try:
        bench.apply(service(**spec), resource=INFERENCE_SERVICE)
    except StatusError:
        return
    other = service()
    other["metadata"]["name"] = "churn"
    bench.apply(other, resource=INFERENCE_SERVICE)
    bench.settle(2)
    seen = {each["metadata"]["name"]: each for each in bench.of(INFERENCE_SERVICE)}
    assert condition(seen["churn"]["status"]) == "True"
