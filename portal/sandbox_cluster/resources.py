"""The kinds of object that the cluster knows, and how they are discovered.

A custom resource is one more entry of the table, as KServe's InferenceService is.
"""

from dataclasses import dataclass, field
from typing import Any

VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]


@dataclass(frozen=True)
class Resource:
    """One kind: where it lives in the API and what may be asked about it."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool = True
    has_status: bool = False
    custom: bool = False
    """Whether it comes from a CustomResourceDefinition (no strategic merge patch)."""
    selectable: tuple[str, ...] = ()
    """Fields a field selector may use, beside metadata.name and metadata.namespace."""
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = field(default=())

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def qualified(self) -> str:
        """``deployments.apps``, as the messages of the API server name a resource."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def key(self) -> str:
        return f"{self.group}/{self.plural}"

    def discovered(self) -> list[dict[str, Any]]:
        """Answer the entries of this kind in the group's ``APIResourceList``."""
        entry: dict[str, Any] = {
            "name": self.plural,
            "singularName": self.kind.lower(),
            "namespaced": self.namespaced,
            "kind": self.kind,
            "verbs": VERBS,
            "shortNames": list(self.short_names),
            "categories": list(self.categories),
        }
        if not self.has_status:
            return [entry]
        status = {
            "name": f"{self.plural}/status",
            "singularName": "",
            "namespaced": self.namespaced,
            "kind": self.kind,
            "verbs": ["get", "patch", "update"],
        }
        return [entry, status]


NAMESPACE = Resource(
    "", "v1", "Namespace", "namespaces", namespaced=False, has_status=True, short_names=("ns",)
)
POD = Resource(
    "",
    "v1",
    "Pod",
    "pods",
    has_status=True,
    selectable=("status.phase", "spec.nodeName", "spec.restartPolicy"),
    short_names=("po",),
    categories=("all",),
)
EVENT = Resource(
    "",
    "v1",
    "Event",
    "events",
    selectable=(
        "type",
        "reason",
        "involvedObject.kind",
        "involvedObject.name",
        "involvedObject.namespace",
        "involvedObject.uid",
        "involvedObject.apiVersion",
        "involvedObject.fieldPath",
        "involvedObject.resourceVersion",
    ),
    short_names=("ev",),
)
DEPLOYMENT = Resource(
    "apps",
    "v1",
    "Deployment",
    "deployments",
    has_status=True,
    short_names=("deploy",),
    categories=("all",),
)
REPLICA_SET = Resource(
    "apps",
    "v1",
    "ReplicaSet",
    "replicasets",
    has_status=True,
    selectable=("status.replicas",),
    short_names=("rs",),
    categories=("all",),
)
INFERENCE_SERVICE = Resource(
    "serving.kserve.io",
    "v1beta1",
    "InferenceService",
    "inferenceservices",
    has_status=True,
    custom=True,
    short_names=("isvc",),
)

RESOURCES = (NAMESPACE, POD, EVENT, DEPLOYMENT, REPLICA_SET, INFERENCE_SERVICE)

BY_KEY = {resource.key: resource for resource in RESOURCES}


def find(group: str, version: str, plural: str) -> Resource | None:
    """Find the kind that a path names; ``None`` if the cluster does not have it."""
    resource = BY_KEY.get(f"{group}/{plural}")
    return resource if resource is not None and resource.version == version else None


def resource_list(group: str, version: str) -> dict[str, Any] | None:
    """Answer ``GET /api/v1`` or ``GET /apis/{group}/{version}``."""
    known = [each for each in RESOURCES if (each.group, each.version) == (group, version)]
    if not known and group != "authorization.k8s.io":
        return None
    entries = [entry for each in known for entry in each.discovered()]
    if group == "authorization.k8s.io":
        entries = [
            {
                "name": "selfsubjectaccessreviews",
                "singularName": "selfsubjectaccessreview",
                "namespaced": False,
                "kind": "SelfSubjectAccessReview",
                "verbs": ["create"],
            }
        ]
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": f"{group}/{version}" if group else version,
        "resources": entries,
    }


def group_list() -> dict[str, Any]:
    """Answer ``GET /apis``."""
    versions = {each.group: each.version for each in RESOURCES if each.group}
    versions["authorization.k8s.io"] = "v1"
    return {
        "kind": "APIGroupList",
        "apiVersion": "v1",
        "groups": [api_group(group, version) for group, version in sorted(versions.items())],
    }


def api_group(group: str, version: str) -> dict[str, Any]:
    offered = {"groupVersion": f"{group}/{version}", "version": version}
    return {"name": group, "versions": [offered], "preferredVersion": offered}
