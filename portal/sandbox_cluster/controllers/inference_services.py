"""The InferenceService controller: Deployments for the predictor, its canaries and its revisions."""

from typing import Any

from portal.sandbox_cluster import inference, writing
from portal.sandbox_cluster.cluster import Cluster
from portal.sandbox_cluster.controllers import garbage, serving_status
from portal.sandbox_cluster.inference import KNATIVE, REVISION_LABEL, SERVICE_LABEL, SOURCE
from portal.sandbox_cluster.objects import clone
from portal.sandbox_cluster.resources import DEPLOYMENT, INFERENCE_SERVICE

Object = dict[str, Any]
WHO = "kserve-controller"
_INIT = "docker.io/kserve/storage-initializer:v0.20.0"
_CONTAINER = "kserve-container"


def reconcile(cluster: Cluster, service: Object) -> None:
    """Move one service one step on, and write down how it is."""
    if "deletionTimestamp" in service["metadata"]:
        return
    if inference.is_stopped(service):
        _keep_only(cluster, service, set())
        _write(cluster, service, serving_status.stopped(service))
        return
    reason = inference.invalid_spec(inference.predictor_of(service))
    if reason is not None:
        _write(cluster, service, serving_status.invalid(service, *reason))
    elif inference.mode_of(service) == KNATIVE:
        _reconcile_revisions(cluster, service)
    else:
        _reconcile_standard(cluster, service)


def _write(cluster: Cluster, service: Object, status: Object) -> None:
    writing.update_status(cluster.store, INFERENCE_SERVICE, service, status, WHO)


# Standard: a Deployment for the predictor, and one for every canary beside it


def name_of(service: Object, predictor: Object) -> str:
    """Name a predictor's Deployment: ``{service}[-{predictor}]-predictor``."""
    middle = f"-{predictor['name']}" if predictor.get("name") else ""
    return f"{service['metadata']['name']}{middle}-predictor"


def _reconcile_standard(cluster: Cluster, service: Object) -> None:
    stable = inference.predictor_of(service)
    name = name_of(service, stable)
    child = _ensure(cluster, service, name, stable, {})
    kept, beside = {name}, []
    for canary in inference.canaries_of(service):
        # What a canary leaves out it has from the predictor beside which it runs.
        predictor = {**stable, **canary["predictor"]}
        kept.add(name_of(service, predictor))
        beside.append(
            (canary, _ensure(cluster, service, name_of(service, predictor), predictor, {}))
        )
    _keep_only(cluster, service, kept)
    _write(cluster, service, serving_status.of_standard(cluster, service, child, beside))


def _ensure(
    cluster: Cluster, service: Object, name: str, predictor: Object, labels: dict[str, str]
) -> Object:
    """Make one Deployment run one predictor."""
    store, namespace = cluster.store, service["metadata"]["namespace"]
    spec = _deployment_spec(service, name, predictor, labels)
    live = store.find(DEPLOYMENT, namespace, name)
    if live is None:
        body: Object = {
            "metadata": {
                "name": name,
                "namespace": namespace,
                "labels": {SERVICE_LABEL: service["metadata"]["name"], "component": "predictor"}
                | labels,
                "ownerReferences": [writing.owner_of(service, INFERENCE_SERVICE)],
            },
            "spec": spec,
        }
        return writing.create(store, DEPLOYMENT, body, WHO)
    if _differs(live["spec"], spec):
        return writing.update(
            store, DEPLOYMENT, live, {**live, "spec": {**live["spec"], **spec}}, WHO
        )
    return live


def _differs(live: Object, wanted: Object) -> bool:
    theirs = writing.prepared(DEPLOYMENT, {"metadata": {}, "spec": wanted})["spec"]
    return any(live[name] != theirs[name] for name in ("replicas", "template"))


def _deployment_spec(
    service: Object, name: str, predictor: Object, labels: dict[str, str]
) -> Object:
    address = inference.address_of(predictor)
    format_name = (inference.model_of(predictor).get("modelFormat") or {}).get("name") or "custom"
    marks = dict((service["metadata"].get("annotations") or {}).items())
    annotations = {**marks, **(predictor.get("annotations") or {}), SOURCE: address}
    selector = {"app": f"isvc.{name}"}
    return {
        "replicas": predictor.get("minReplicas", 1),
        "selector": {"matchLabels": selector},
        "template": {
            "metadata": {
                "labels": {
                    **selector,
                    SERVICE_LABEL: service["metadata"]["name"],
                    "component": "predictor",
                    **labels,
                },
                "annotations": annotations,
            },
            "spec": {
                "terminationGracePeriodSeconds": 0,
                "initContainers": [
                    {
                        "name": "storage-initializer",
                        "image": _INIT,
                        "args": [address, "/mnt/models"],
                    }
                ],
                "containers": [
                    {"name": _CONTAINER, "image": f"docker.io/kserve/{format_name}server:v0.20.0"}
                ],
            },
        },
    }


def _keep_only(cluster: Cluster, service: Object, names: set[str]) -> None:
    """Remove the Deployments of predictors that are no more."""
    for each in cluster.store.owned_by(DEPLOYMENT, service):
        if each["metadata"]["name"] not in names:
            garbage.remove(cluster.store, DEPLOYMENT, each)


# Knative: a revision for every state of the predictor, and the traffic between two of them


def _reconcile_revisions(cluster: Cluster, service: Object) -> None:
    known = clone((service.get("status") or {}).get("components", {}).get("predictor") or {})
    predictor = inference.predictor_of(service)
    wanted = {name: value for name, value in predictor.items() if name != "canaryTrafficPercent"}
    latest = _latest_revision(cluster, service, known, wanted)
    known["latestCreatedRevision"] = latest
    child = _ensure(cluster, service, f"{latest}-deployment", wanted, {REVISION_LABEL: latest})
    is_ready = serving_status.is_complete(child)
    if is_ready:
        known["latestReadyRevision"] = latest
    _split(known, predictor.get("canaryTrafficPercent"), is_ready=is_ready)
    used = {each["revisionName"] for each in known.get("traffic") or []} | {latest}
    used |= {known[key] for key in ("latestRolledoutRevision",) if known.get(key)}
    _keep_only(cluster, service, {f"{each}-deployment" for each in used})
    _write(cluster, service, serving_status.of_revisions(cluster, service, child, known))


def _latest_revision(cluster: Cluster, service: Object, known: Object, wanted: Object) -> str:
    """Answer the revision of this state of the predictor; a new one for a new state."""
    name = known.get("latestCreatedRevision") or ""
    live = cluster.store.find(DEPLOYMENT, service["metadata"]["namespace"], f"{name}-deployment")
    if live is not None:
        spec = _deployment_spec(service, f"{name}-deployment", wanted, {REVISION_LABEL: name})
        if not _differs(live["spec"], spec):
            return str(name)
    number = int(name.rpartition("-")[2] or 0) + 1
    return f"{service['metadata']['name']}-predictor-{number:05d}"


def _split(known: Object, percent: int | None, *, is_ready: bool) -> None:
    """Decide who gets which part of the traffic, once the latest revision is ready."""
    latest, rolled_out = known["latestCreatedRevision"], known.get("latestRolledoutRevision")
    if not is_ready:
        return
    if percent is None or rolled_out in {None, latest}:
        if rolled_out != latest:
            known["previousRolledoutRevision"] = rolled_out or ""
        known["latestRolledoutRevision"] = latest
        known["traffic"] = [{"revisionName": latest, "latestRevision": True, "percent": 100}]
        return
    known["traffic"] = [
        {"revisionName": latest, "latestRevision": True, "percent": percent},
        {"revisionName": rolled_out, "latestRevision": False, "percent": 100 - percent},
    ]
