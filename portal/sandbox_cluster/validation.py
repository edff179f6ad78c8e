"""The rules an object must hold, and the words in which the API server says which it breaks."""

import json
import re
from typing import Any

from portal.sandbox_cluster import errors, inference, pod_validation, selectors
from portal.sandbox_cluster.errors import Cause
from portal.sandbox_cluster.resources import (
    DEPLOYMENT,
    INFERENCE_SERVICE,
    NAMESPACE,
    POD,
    REPLICA_SET,
    Resource,
)

Object = dict[str, Any]

LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
SUBDOMAIN = rf"{LABEL}(\.{LABEL})*"
_QUALIFIED = r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"

_SUBDOMAIN_RULE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
    "'.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used "
    f"for validation is '{SUBDOMAIN}')"
)
_LABEL_RULE = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and "
    "must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used "
    f"for validation is '{LABEL}')"
)
_VALUE_RULE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or "
    "'.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  "
    "or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
_KEY_RULE = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end "
    "with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for "
    "validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
ANNOTATION_LIMIT = 256 * 1024


def required(field: str, detail: str = "") -> Cause:
    return Cause("FieldValueRequired", "Required value" + (f": {detail}" if detail else ""), field)


def wrong(field: str, value: Any, rule: str) -> Cause:
    shown = json.dumps(value, separators=(",", ":"))
    return Cause("FieldValueInvalid", f"Invalid value: {shown}: {rule}", field)


def check(resource: Resource, body: Object, before: Object | None = None) -> None:
    """Refuse an object that breaks a rule: 400 for a wrong type, 422 with all causes else."""
    pod_validation.check_types(resource, body)
    causes = [*_check_metadata(resource, body["metadata"])]
    spec = body.get("spec")
    if resource in {DEPLOYMENT, REPLICA_SET}:
        causes += _check_replicated(spec or {})
    if resource == DEPLOYMENT:
        causes += _check_strategy(spec or {})
    if resource == POD:
        causes += pod_validation.check_pod_spec(spec or {}, "spec")
    if before is not None:
        causes += _check_unchanged(resource, before, body)
    if causes:
        raise errors.invalid(resource, body["metadata"]["name"], causes)
    if resource == INFERENCE_SERVICE:
        inference.check(body, before)


def _check_metadata(resource: Resource, metadata: Object) -> list[Cause]:
    causes = []
    name = metadata["name"]
    if resource == NAMESPACE and not _fits(LABEL, name, 63):
        causes.append(wrong("metadata.name", name, _LABEL_RULE))
    elif not _fits(SUBDOMAIN, name, 253):
        causes.append(wrong("metadata.name", name, _SUBDOMAIN_RULE))
    causes += _check_labels(metadata.get("labels") or {}, "metadata.labels")
    for index, owner in enumerate(metadata.get("ownerReferences") or []):
        causes += [
            required(f"metadata.ownerReferences[{index}].{name}", f"{name} must not be empty")
            for name in ("apiVersion", "kind", "name", "uid")
            if not owner.get(name)
        ]
    annotations = metadata.get("annotations") or {}
    causes += [
        wrong("metadata.annotations", key, _KEY_RULE) for key in annotations if not _is_key(key)
    ]
    if sum(len(key) + len(value or "") for key, value in annotations.items()) > ANNOTATION_LIMIT:
        causes.append(
            Cause(
                "FieldValueTooLong",
                f"Too long: may not be more than {ANNOTATION_LIMIT} bytes",
                "metadata.annotations",
            )
        )
    return causes


def _fits(pattern: str, value: str, limit: int) -> bool:
    return len(value) <= limit and re.fullmatch(pattern, value) is not None


def _is_key(key: str) -> bool:
    prefix, slash, name = key.rpartition("/")
    if slash and not _fits(SUBDOMAIN, prefix.lower(), 253):
        return False
    return _fits(_QUALIFIED, name, 63)


def _check_labels(labels: Object, field: str) -> list[Cause]:
    causes = [wrong(field, key, _KEY_RULE) for key in labels if not _is_key(key)]
    causes += [
        wrong(field, value, _VALUE_RULE)
        for value in labels.values()
        if value and not _fits(_QUALIFIED, value, 63)
    ]
    return causes


def _check_replicated(spec: Object) -> list[Cause]:
    causes = []
    if spec.get("replicas", 0) < 0:
        rule = "must be greater than or equal to 0"
        causes.append(wrong("spec.replicas", spec["replicas"], rule))
    selector = spec.get("selector")
    template = spec.get("template") or {}
    labels = (template.get("metadata") or {}).get("labels") or {}
    expressions = _check_expressions(selector or {})
    if not selector:
        causes.append(required("spec.selector"))
    elif expressions:
        causes += expressions
    elif not selectors.by_selector(selector)({"metadata": {"labels": labels}}):
        rule = "`selector` does not match template `labels`"
        causes.append(wrong("spec.template.metadata.labels", labels, rule))
    causes += _check_labels(labels, "spec.template.metadata.labels")
    causes += pod_validation.check_pod_spec(template.get("spec") or {}, "spec.template.spec")
    return causes


def _check_expressions(selector: Object) -> list[Cause]:
    causes = []
    for index, each in enumerate(selector.get("matchExpressions") or []):
        at = f"spec.selector.matchExpressions[{index}]"
        if not isinstance(each, dict) or not each.get("key"):
            causes.append(required(f"{at}.key"))
        elif each.get("operator") not in selectors.OPERATORS:
            rule = "not a valid selector operator"
            causes.append(wrong(f"{at}.operator", each.get("operator"), rule))
    return causes


def _check_strategy(spec: Object) -> list[Cause]:
    strategy: Object = spec["strategy"]
    if strategy["type"] not in {"Recreate", "RollingUpdate"}:
        return [
            Cause(
                "FieldValueNotSupported",
                f"Unsupported value: {json.dumps(strategy['type'])}: supported values: "
                '"Recreate", "RollingUpdate"',
                "spec.strategy.type",
            )
        ]
    rolling = strategy.get("rollingUpdate") or {}
    if strategy["type"] == "Recreate":
        if not rolling:
            return []
        rule = "Forbidden: may not be specified when strategy `type` is 'Recreate'"
        return [Cause("FieldValueForbidden", rule, "spec.strategy.rollingUpdate")]
    causes = [
        wrong(f"spec.strategy.rollingUpdate.{name}", rolling[name], rule)
        for name in ("maxUnavailable", "maxSurge")
        if (rule := _amount_rule(rolling[name]))
    ]
    if not causes and all(str(rolling[name]) in {"0", "0%"} for name in rolling):
        rule = "may not be 0 when `maxSurge` is 0"
        field = "spec.strategy.rollingUpdate.maxUnavailable"
        causes.append(wrong(field, rolling["maxUnavailable"], rule))
    return causes


def _amount_rule(amount: int | str) -> str:
    if isinstance(amount, int):
        return "" if amount >= 0 else "must be greater than or equal to 0"
    if re.fullmatch(r"[0-9]+%", amount):
        return ""
    return "a valid percent string must be a numeric string followed by an ending '%'"


def _check_unchanged(resource: Resource, before: Object, body: Object) -> list[Cause]:
    """Refuse what may not change: a selector, and nearly everything of a pod."""
    if resource in {DEPLOYMENT, REPLICA_SET}:
        old, new = before["spec"].get("selector"), body["spec"].get("selector")
        if old != new:
            return [wrong("spec.selector", new, "field is immutable")]
    if resource == POD and pod_validation.fixed(before) != pod_validation.fixed(body):
        rule = (
            "Forbidden: pod updates may not change fields other than "
            "`spec.containers[*].image`,`spec.initContainers[*].image`,"
            "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing "
            "tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it "
            "was previously negative)"
        )
        return [Cause("FieldValueForbidden", rule, "spec")]
    return []
