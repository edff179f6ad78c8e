"""KServe's InferenceService: what its webhook refuses, and the words it has for what serves.

After KServe 0.20: two modes, each with a canary of its own kind.
"""

import re
from typing import Any

from portal.sandbox_cluster import errors

Object = dict[str, Any]

MODE = "serving.kserve.io/deploymentMode"
STOP = "serving.kserve.io/stop"
SOURCE = "internal.serving.kserve.io/storage-initializer-sourceuri"
"""The annotation by which a pod says which model it was told to load."""
SERVICE_LABEL = "serving.kserve.io/inferenceservice"
REVISION_LABEL = "serving.knative.dev/revision"

STANDARD, KNATIVE = "Standard", "Knative"
_FORMER_NAMES = {"RawDeployment": STANDARD, "Serverless": KNATIVE}

FORMATS = (
    "huggingface",
    "lightgbm",
    "mlflow",
    "onnx",
    "paddle",
    "pmml",
    "sklearn",
    "tensorflow",
    "xgboost",
)
"""The model formats for which the cluster has a serving runtime."""
RUNTIMES = tuple(f"kserve-{each}server" for each in FORMATS)

LOADABLE = ("gs://", "s3://", "pvc://", "file://", "https://", "http://", "hdfs://", "webhdfs://",
            "oci://", "oci+native://", "oci+fetch://", "hf://")  # fmt: skip
_ALL = 100
_NAME = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_AUTOSCALING = ("maxReplicas", "scaleTarget", "scaleMetric", "autoScaling", "containerConcurrency")


def mode_of(body: Object) -> str:
    """Answer how the service is deployed, by today's name."""
    said = str((body["metadata"].get("annotations") or {}).get(MODE) or STANDARD)
    return _FORMER_NAMES.get(said, said)


def is_stopped(body: Object) -> bool:
    return (body["metadata"].get("annotations") or {}).get(STOP) == "true"


def model_of(predictor: Object) -> Object:
    model = predictor.get("model")
    return model if isinstance(model, dict) else {}


def predictor_of(body: Object) -> Object:
    predictor = (body.get("spec") or {}).get("predictor")
    return predictor if isinstance(predictor, dict) else {}


def canaries_of(body: Object) -> list[Object]:
    canaries = (body.get("spec") or {}).get("canary")
    return (
        [each for each in canaries if isinstance(each, dict)] if isinstance(canaries, list) else []
    )


def address_of(predictor: Object) -> str:
    return str(model_of(predictor).get("storageUri") or "")


def check(body: Object, before: Object | None) -> None:
    """Refuse as KServe's validating webhook does: 403, in its words."""
    complaint = _complaint(body, before)
    if complaint:
        raise errors.forbidden(
            'admission webhook "inferenceservice.kserve-webhook-server.validator" denied the '
            f"request: {complaint}"
        )


def _complaint(body: Object, before: Object | None) -> str:
    name = body["metadata"]["name"]
    if not _NAME.fullmatch(name):
        return (
            f'the InferenceService "{name}" is invalid: a InferenceService name must consist of lower '
            "case alphanumeric characters or '-', and must start with alphabetical character"
        )
    if before is not None and mode_of(before) != mode_of(body):
        return (
            "update rejected: deploymentMode cannot be changed from "
            f"'{mode_of(before)}' to '{mode_of(body)}'"
        )
    challengers = [each.get("predictor") or {} for each in canaries_of(body)]
    for address in map(address_of, (predictor_of(body), *challengers)):
        if not _may_be_loaded(address):
            return (
                f"storageUri, must be one of: [{', '.join(LOADABLE)}] or match https://{{}}.blob.core"
                ".windows.net/{}/{} or be an absolute or relative local path. StorageUri "
                f"[{address}] is not supported."
            )
    return _canary_complaint(body) or _renamed(body, before)


def _may_be_loaded(address: str) -> bool:
    """Whether the webhook lets it pass; what has no ``://`` counts as a path and fails later."""
    return not re.search(r"\w+?://", address) or address.startswith(LOADABLE)


def _canary_complaint(body: Object) -> str:
    canaries, predictor = canaries_of(body), predictor_of(body)
    percents = [each.get("trafficPercent") for each in canaries]
    if "canaryTrafficPercent" in predictor:
        percents.append(predictor["canaryTrafficPercent"])
    if any(not isinstance(each, int) or not 0 <= each <= _ALL for each in percents):
        return "the canary traffic percent must be between 0 and 100"
    if canaries and mode_of(body) != STANDARD:
        return "canary is only supported in Standard deployment mode"
    if sum(int(each or 0) for each in percents) > _ALL:
        return "the sum of canary trafficPercent must not exceed 100"
    return _challengers_complaint([each.get("predictor") or {} for each in canaries], predictor)


def _challengers_complaint(challengers: list[Object], predictor: Object) -> str:
    names = [str(each.get("name") or "") for each in challengers]
    if not all(names):
        return "canary predictor.name is required"
    if len({*names, str(predictor.get("name") or "")}) <= len(names):
        return "canary predictor names must be unique and differ from the stable predictor's"
    if any(field in each for each in challengers for field in _AUTOSCALING):
        return "autoscaling fields are not allowed in canary predictors"
    return ""


def _renamed(body: Object, before: Object | None) -> str:
    if before is None:
        return ""
    old, new = predictor_of(before), predictor_of(body)
    if old.get("name") != new.get("name") and model_of(old) == model_of(new):
        return "predictor.name change requires a model change"
    return ""


def invalid_spec(predictor: Object) -> tuple[str, str] | None:
    """Say why no runtime serves this predictor, as the controller does, or nothing."""
    model = model_of(predictor)
    format_name = (model.get("modelFormat") or {}).get("name") or ""
    runtime = model.get("runtime")
    if runtime and runtime not in RUNTIMES:
        return "RuntimeNotRecognized", f"Waiting for runtime {runtime} to become available"
    if not runtime and format_name not in FORMATS:
        return "NoSupportingRuntime", "No runtime found to support specified framework/version"
    return None
