"""Label and field selectors, as list and watch take them."""

import re
from collections.abc import Callable
from typing import Any

from portal.sandbox_cluster.errors import bad_request
from portal.sandbox_cluster.resources import Resource

Object = dict[str, Any]
Matches = Callable[[Object], bool]

_SET = re.compile(r"^(?P<key>[^\s=!,()]+)\s+(?P<op>in|notin)\s*\((?P<values>[^()]*)\)$")
_EQUAL = re.compile(r"^(?P<key>[^\s=!,()]+)\s*(?P<op>==|=|!=)\s*(?P<value>[^\s=!,()]*)$")
_EXISTS = re.compile(r"^(?P<not>!?)\s*(?P<key>[^\s=!,()]+)$")


def by_labels(selector: str) -> Matches:
    """Read ``a=b,c!=d,e in (f,g),h,!i``. Raise 400 for what is no selector."""
    terms = [_label_term(term) for term in _split(selector)]

    def matches(body: Object) -> bool:
        labels = body["metadata"].get("labels") or {}
        return all(term(labels) for term in terms)

    return matches


def _split(selector: str) -> list[str]:
    """Split at commas that are not inside parentheses."""
    parts = re.split(r",(?![^()]*\))", selector)
    return [part.strip() for part in parts] if selector.strip() else []


def _label_term(term: str) -> Callable[[dict[str, str]], bool]:
    if found := _SET.match(term):
        key, values = found["key"], {value.strip() for value in found["values"].split(",")}
        if found["op"] == "in":
            return lambda labels: key in labels and labels[key] in values
        return lambda labels: labels.get(key) not in values
    if found := _EQUAL.match(term):
        key, value = found["key"], found["value"]
        if found["op"] == "!=":
            return lambda labels: labels.get(key) != value
        return lambda labels: labels.get(key) == value
    if found := _EXISTS.match(term):
        key, wanted = found["key"], not found["not"]
        return lambda labels: (key in labels) is wanted
    raise bad_request(f"unable to parse requirement: found '{term}', expected: identifier")


def by_fields(selector: str, resource: Resource) -> Matches:
    """Read ``metadata.name=x,status.phase!=Running``; a kind allows only some fields."""
    terms = [_field_term(term, resource) for term in selector.split(",") if term]
    return lambda body: all(term(body) for term in terms)


def _field_term(term: str, resource: Resource) -> Matches:
    found = _EQUAL.match(term.strip())
    if found is None:
        raise bad_request(f"invalid field selector: '{term}'; can't understand '{term}'")
    path, value = found["key"], found["value"]
    allowed = {"metadata.name", *resource.selectable}
    if resource.namespaced:
        allowed.add("metadata.namespace")
    if path not in allowed:
        raise bad_request(f'field label not supported: "{path}"')
    if found["op"] == "!=":
        return lambda body: field_value(body, path) != value
    return lambda body: field_value(body, path) == value


def field_value(body: Object, path: str) -> str:
    """Read a field by its dotted path; what is absent is the empty string."""
    value: Any = body
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return "" if value is None else str(value)


def by_selector(selector: Object) -> Matches:
    """Match a workload's ``spec.selector``: ``matchLabels`` and ``matchExpressions``."""
    wanted = selector.get("matchLabels") or {}
    terms = [_expression(each) for each in selector.get("matchExpressions") or []]

    def matches(body: Object) -> bool:
        labels = body["metadata"].get("labels") or {}
        same = all(labels.get(key) == value for key, value in wanted.items())
        return same and all(term(labels) for term in terms)

    return matches


OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")


def _expression(expression: Object) -> Callable[[dict[str, str]], bool]:
    key, values = expression["key"], expression.get("values") or []
    tests: dict[str, Callable[[dict[str, str]], bool]] = {
        "In": lambda labels: key in labels and labels[key] in values,
        "NotIn": lambda labels: labels.get(key) not in values,
        "Exists": lambda labels: key in labels,
        "DoesNotExist": lambda labels: key not in labels,
    }
    return tests[expression["operator"]]
