"""InferenceServices as KServe 0.20 has them: what is sent, and what their status means.

``Ready`` alone says little: it stays true while an update fails, and the service's own
``observedGeneration`` is its child's. So a rollout is done when the child Deployment carries what was
applied, has replaced all of its pods, and the model's own status says that it is loaded.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from deployments.clients import rollouts
from deployments.clients.cluster import (
    FIELD_MANAGER,
    LABEL_MANAGED_BY,
    PodProblem,
    RolloutPhase,
    RolloutStatus,
    Workload,
)
from deployments.clients.manifests import API_VERSIONS
from deployments.clients.reading import condition, moment
from deployments.clients.serving import Predictor, Serving, ServingMode, ServingState

Object = dict[str, Any]

MODE = "serving.kserve.io/deploymentMode"
STOP = "serving.kserve.io/stop"
SOURCE = "internal.serving.kserve.io/storage-initializer-sourceuri"
"""What KServe writes on a pod: the address that its storage initializer loads."""
OF_SERVICE = "serving.kserve.io/inferenceservice"
OF_REVISION = "serving.knative.dev/revision"
_FORMER_MODES = {"RawDeployment": ServingMode.STANDARD, "Serverless": ServingMode.KNATIVE}
_REFUSED = frozenset({"BlockedByFailedLoad", "InvalidSpec"})
LOADED = "UpToDate"


# What is sent


def to_apply(workload: Workload, serving: Serving) -> Object:
    """Write the body of an apply. It is always whole: what is left out is given up."""
    annotations = {MODE: str(serving.mode)}
    if serving.stopped:
        annotations[STOP] = "true"
    return {
        "apiVersion": API_VERSIONS[workload.kind],
        "kind": workload.kind.value,
        "metadata": {
            "name": workload.name,
            "namespace": workload.namespace,
            "annotations": annotations,
            "labels": {LABEL_MANAGED_BY: FIELD_MANAGER},
        },
        "spec": _spec(serving),
    }


def _spec(serving: Serving) -> Object:
    challenger = serving.challenger
    if challenger is None:
        return {"predictor": _predictor(serving.predictor)}
    if serving.mode is ServingMode.KNATIVE:
        return {
            "predictor": {**_predictor(challenger), "canaryTrafficPercent": serving.percent},
        }
    beside = {"trafficPercent": serving.percent, "predictor": _predictor(challenger)}
    return {"predictor": _predictor(serving.predictor), "canary": [beside]}


def _predictor(wanted: Predictor) -> Object:
    model: Object = {
        "modelFormat": {"name": wanted.model_format},
        "storageUri": wanted.storage_uri,
    }
    if wanted.runtime:
        model["runtime"] = wanted.runtime
    body: Object = {"annotations": dict(wanted.annotations), "model": model}
    if wanted.name:
        body["name"] = wanted.name
    if wanted.replicas is not None:
        body["minReplicas"] = wanted.replicas
    return body


# What is read


def state_of(workload: Workload, live: Object) -> ServingState:
    """Read what the service is wanted to be."""
    metadata, spec = live["metadata"], live.get("spec") or {}
    annotations = metadata.get("annotations") or {}
    body = spec.get("predictor") or {}
    pinned = mode_of(live) is ServingMode.KNATIVE and body.get("canaryTrafficPercent") is not None
    return ServingState(
        workload=workload,
        exists=True,
        predictor=predictor_of(body),
        mode=mode_of(live),
        canaries=len(spec.get("canary") or []) + pinned,
        stopped=annotations.get(STOP) == "true",
        is_ours=(metadata.get("labels") or {}).get(LABEL_MANAGED_BY) == FIELD_MANAGER,
        resource_version=metadata.get("resourceVersion", ""),
    )


def mode_of(live: Object) -> ServingMode:
    """Read the mode, by either of its names; the cluster's default is in the status."""
    said = (live["metadata"].get("annotations") or {}).get(MODE)
    said = said or (live.get("status") or {}).get("deploymentMode")
    if said in _FORMER_MODES:
        return _FORMER_MODES[said]
    return ServingMode(said) if said in list(ServingMode) else ServingMode.STANDARD


def predictor_of(body: Object) -> Predictor:
    """Read one predictor."""
    model = body.get("model") or {}
    return Predictor(
        storage_uri=model.get("storageUri") or "",
        model_format=(model.get("modelFormat") or {}).get("name") or "",
        runtime=model.get("runtime") or "",
        replicas=body.get("minReplicas"),
        name=body.get("name") or "",
        annotations=dict(body.get("annotations") or {}),
    )


def child_name(service: str, predictor: Predictor) -> str:
    """Return the name of a predictor's Deployment in the Standard mode."""
    middle = f"-{predictor.name}" if predictor.name else ""
    return f"{service}{middle}-predictor"


def latest_revision(live: Object) -> str:
    """Return the name of the Knative revision of the present predictor; empty if there is none."""
    return str(_component(live).get("latestCreatedRevision") or "")


def _component(live: Object) -> Object:
    components = (live.get("status") or {}).get("components") or {}
    found: Object = components.get("predictor") or {}
    return found


def elsewhere(live: Object) -> tuple[str, ...]:
    """Tell who else gets requests: canaries beside the predictor, other revisions."""
    canaries = [
        f"{each.get('trafficPercent', 0)} % go to the canary "
        f"{(each.get('predictor') or {}).get('name', '')}"
        for each in (live.get("spec") or {}).get("canary") or []
    ]
    latest = latest_revision(live)
    revisions = [
        f"{each.get('percent', 0)} % go to the revision {each.get('revisionName', '')}"
        for each in _component(live).get("traffic") or []
        if each.get("percent") and each.get("revisionName") != latest
    ]
    return (*canaries, *revisions)


def traffic_of(live: Object, challenger: Predictor) -> int | None:
    """Return the challenger's part of the traffic, as the status says; none while it does not."""
    if mode_of(live) is ServingMode.KNATIVE:
        latest = latest_revision(live)
        shares = _component(live).get("traffic") or []
        return next(
            (each.get("percent", 0) for each in shares if each.get("revisionName") == latest), None
        )
    status = _canary_status(live, challenger.name)
    percent: int | None = status.get("trafficPercent")
    return percent


def _canary_status(live: Object, name: str) -> Object:
    listed = (live.get("status") or {}).get("canaryStatuses") or []
    return next((each for each in listed if each.get("name") == name), {})


# How it is doing


@dataclass(frozen=True)
class Look:
    """Everything that one look at a predictor's rollout has seen."""

    live: Object
    child: Object | None
    """Its Deployment; none while KServe has not made it."""
    wanted: Predictor
    beside: bool
    """Whether it is a challenger beside another predictor."""
    problems: tuple[PodProblem, ...]
    at: datetime
    patience: timedelta


def judge(look: Look) -> RolloutStatus:
    """Say how far it is: done, under way, or failed and why."""
    counted = rollouts.status_of(look.child) if look.child else _NOTHING
    revision = look.live["metadata"].get("resourceVersion", "")
    seen = replace(counted, resource_version=revision, phase=RolloutPhase.PROGRESSING)
    failed = _failure(look)
    if failed:
        patient_until = _applied_at(look.live) + look.patience
        phase = RolloutPhase.FAILED if look.at >= patient_until else RolloutPhase.PROGRESSING
        return replace(seen, phase=phase, reason=failed, problems=look.problems)
    if look.child is None or not _carries(look.child, look.wanted):
        return replace(seen, reason="KServe has not begun with the new model yet.")
    if not counted.done:
        judged = rollouts.with_reasons(
            seen, look.child, look.problems, at=look.at, patience=look.patience
        )
        return replace(judged, resource_version=revision)
    waits_for = _waits_for(look)
    if waits_for:
        return replace(seen, reason=waits_for)
    reason = f"The model is loaded; {seen.available} of {seen.desired} pods serve it."
    return replace(seen, phase=RolloutPhase.DONE, reason=reason)


_NOTHING = RolloutStatus(phase=RolloutPhase.PROGRESSING, reason="")


def _carries(child: Object, wanted: Predictor) -> bool:
    """Return whether the pods that a Deployment wants are told to load this model, by this change."""
    template = child["spec"]["template"].get("metadata") or {}
    annotations = template.get("annotations") or {}
    marks = {**wanted.annotations, SOURCE: wanted.storage_uri}
    return all(annotations.get(name) == value for name, value in marks.items())


def _failure(look: Look) -> str:
    """Return why the model is not loaded, in the cluster's words; empty if nothing says so.

    A refused spec never reaches the child; a failed load counts only once the child carries what was
    applied, or it would be the failure of what was there before.
    """
    status = _model_status(look)
    transition = status.get("transitionStatus")
    if transition not in _REFUSED:
        return ""
    if transition != "InvalidSpec" and (
        look.child is None or not _carries(look.child, look.wanted)
    ):
        return ""
    info = status.get("lastFailureInfo") or {}
    told = f"KServe cannot serve the model: {info.get('reason') or transition}"
    if info.get("exitCode"):
        told += f", exit code {info['exitCode']}"
    message = str(info.get("message") or "").strip().rstrip(".")
    return f"{told} ({message})." if message else f"{told}."


def _model_status(look: Look) -> Object:
    status = look.live.get("status") or {}
    standard = mode_of(look.live) is ServingMode.STANDARD
    if look.beside and standard:
        beside = _canary_status(look.live, look.wanted.name).get("modelStatus") or {}
        invalid = (status.get("modelStatus") or {}).get("transitionStatus") == "InvalidSpec"
        found: Object = beside or (status.get("modelStatus") if invalid else {}) or {}
    else:
        found = status.get("modelStatus") or {}
    return found


def _waits_for(look: Look) -> str:
    """Say what the status still lacks although all pods are there."""
    transition = _model_status(look).get("transitionStatus")
    if transition != LOADED:
        return f"KServe is loading the model ({transition or 'no status yet'})."
    if mode_of(look.live) is ServingMode.KNATIVE:
        component = _component(look.live)
        if component.get("latestReadyRevision") != component.get("latestCreatedRevision"):
            return "The new revision is not ready yet."
    elif look.beside and not _canary_status(look.live, look.wanted.name).get("ready"):
        return "The canary is not ready yet."
    ready = condition(look.live, "Ready")
    if ready.get("status") != "True":
        why = ready.get("message") or ready.get("reason") or "no reason given"
        return f"The service is not ready: {why}."
    return ""


def _applied_at(live: Object) -> datetime:
    """Return when our last apply that changed something was written, by the cluster's clock."""
    times = [
        moment(entry.get("time"))
        for entry in live["metadata"].get("managedFields") or []
        if entry.get("manager") == FIELD_MANAGER and entry.get("operation") == "Apply"
    ]
    written = [each for each in times if each is not None]
    return max(written, default=datetime.fromisoformat(live["metadata"]["creationTimestamp"]))


def annotations_of(body: Mapping[str, Any]) -> Mapping[str, str]:
    """Return an object's annotations."""
    found: Mapping[str, str] = body["metadata"].get("annotations") or {}
    return found
