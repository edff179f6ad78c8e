"""What the API server fills in when a manifest leaves it out."""

from typing import Any

from portal.sandbox_cluster.resources import DEPLOYMENT, NAMESPACE, POD, REPLICA_SET, Resource

Object = dict[str, Any]


def fill_in(resource: Resource, body: Object) -> None:
    """Fill an object's defaults in, in place."""
    if resource == NAMESPACE:
        body.setdefault("spec", {}).setdefault("finalizers", ["kubernetes"])
        labels = body["metadata"].setdefault("labels", {})
        labels.setdefault("kubernetes.io/metadata.name", body["metadata"]["name"])
        body.setdefault("status", {"phase": "Active"})
    elif resource == POD:
        _fill_pod_spec(body.setdefault("spec", {}))
    elif resource == DEPLOYMENT:
        _fill_deployment(body.setdefault("spec", {}))
    elif resource == REPLICA_SET:
        body.setdefault("spec", {}).setdefault("replicas", 1)
        _fill_template(body["spec"])


def _fill_deployment(spec: Object) -> None:
    spec.setdefault("replicas", 1)
    spec.setdefault("revisionHistoryLimit", 10)
    spec.setdefault("progressDeadlineSeconds", 600)
    strategy = spec.setdefault("strategy", {})
    if strategy.setdefault("type", "RollingUpdate") != "Recreate":
        rolling = strategy.setdefault("rollingUpdate", {})
        rolling.setdefault("maxUnavailable", "25%")
        rolling.setdefault("maxSurge", "25%")
    _fill_template(spec)


def _fill_template(spec: Object) -> None:
    template = spec.setdefault("template", {})
    template.setdefault("metadata", {}).setdefault("creationTimestamp", None)
    _fill_pod_spec(template.setdefault("spec", {}))


def _fill_pod_spec(spec: Object) -> None:
    spec.setdefault("restartPolicy", "Always")
    spec.setdefault("terminationGracePeriodSeconds", 30)
    spec.setdefault("dnsPolicy", "ClusterFirst")
    spec.setdefault("securityContext", {})
    spec.setdefault("schedulerName", "default-scheduler")
    for kind in ("containers", "initContainers"):
        for container in spec.get(kind) or []:
            _fill_container(container)


def _fill_container(container: Object) -> None:
    container.setdefault("terminationMessagePath", "/dev/termination-log")
    container.setdefault("terminationMessagePolicy", "File")
    container.setdefault("imagePullPolicy", _pull_policy(container.get("image")))
    container.setdefault("resources", {})
    for port in container.get("ports") or []:
        port.setdefault("protocol", "TCP")


def _pull_policy(image: Any) -> str:
    """``Always`` for what may move (``latest``, or no tag at all), else ``IfNotPresent``."""
    if not isinstance(image, str) or "@" in image:
        return "IfNotPresent"
    _, colon, tag = image.rpartition("/")[2].partition(":")
    return "Always" if not colon or tag == "latest" else "IfNotPresent"
