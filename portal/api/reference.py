"""The reference of the API: the OpenAPI document, and a page that shows it without any script."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import condition, require_safe

from portal.api.example import example_of, resolved, type_of
from portal.api.openapi import whole_schema
from portal.api.problems import problems
from portal.api.renderers import dumps

_SHOWN_PARAMETERS: Final = frozenset({"path", "query"})


@dataclass(frozen=True)
class Field:
    """A parameter, or a field of a body."""

    name: str
    type: str
    required: bool
    description: str


@dataclass(frozen=True)
class Call:
    """One operation as the page shows it."""

    id: str
    method: str
    path: str
    summary: str
    description: str
    scope: str
    parameters: list[Field]
    body: list[Field]
    media_types: list[str]
    body_example: str
    answers: list[tuple[str, str, str]]
    """Status, when it comes, example."""


def _etag(_request: HttpRequest) -> str:
    return f'"{hashlib.sha256(_document()).hexdigest()[:32]}"'


@cache
def _document() -> bytes:
    return dumps(whole_schema())


@require_safe
@condition(etag_func=_etag)
def schema(_request: HttpRequest) -> HttpResponse:
    """Answer the OpenAPI 3.1 document."""
    return HttpResponse(_document(), content_type="application/json")


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """Show the reference for people."""
    return render(request, "api/reference.html", {"nouns": calls_by_noun(), "problems": problems()})


@cache
def calls_by_noun() -> list[tuple[str, list[Call]]]:
    """Return the calls grouped by their tag, in the order of the alphabet."""
    document = whole_schema()
    components = document.get("components", {}).get("schemas", {})
    nouns: dict[str, list[Call]] = defaultdict(list)
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            nouns[operation["tags"][0]].append(_call(method, path, operation, components))
    return sorted(nouns.items())


def _call(
    method: str, path: str, operation: Mapping[str, Any], components: Mapping[str, Any]
) -> Call:
    content = operation.get("requestBody", {}).get("content", {})
    media: Mapping[str, Any] = next(iter(content.values()), {})
    body = media.get("schema", {})
    return Call(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation.get("summary", ""),
        description=operation.get("description", "").replace("``", ""),
        scope=operation.get("x-scope", ""),
        parameters=[
            Field(
                parameter["name"],
                type_of(parameter.get("schema", {}), components),
                parameter.get("required", False),
                parameter.get("description", ""),
            )
            for parameter in operation.get("parameters", [])
            if parameter["in"] in _SHOWN_PARAMETERS
        ],
        body=list(_fields(body, components)),
        media_types=list(content),
        body_example=_shown(example_of(body, components)) if body else "",
        answers=[
            (status, answer.get("description", ""), _answer_example(answer, components))
            for status, answer in operation["responses"].items()
            if status.startswith("2") or status == "304"
        ],
    )


def _fields(body: Mapping[str, Any], components: Mapping[str, Any]) -> Iterator[Field]:
    whole = resolved(body, components) if body else {}
    for name, inner in whole.get("properties", {}).items():
        yield Field(
            name,
            type_of(inner, components),
            name in whole.get("required", []),
            inner.get("description", resolved(inner, components).get("description", "")),
        )


def _answer_example(answer: Mapping[str, Any], components: Mapping[str, Any]) -> str:
    for media in answer.get("content", {}).values():
        return _shown(example_of(media.get("schema", {}), components))
    return ""


def _shown(example: Any) -> str:
    return json.dumps(example, indent=2)
