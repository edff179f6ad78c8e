"""An example of a value, made from its OpenAPI schema."""

from collections.abc import Mapping
from typing import Any, Final

_BY_FORMAT: Final = {
    "date-time": "2026-01-31T12:00:00Z",
    "date": "2026-01-31",
    "email": "mary@example.org",
    "uri": "https://example.org/",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "binary": "(the file)",
}
_BY_TYPE: Final[dict[str, Any]] = {"integer": 1, "number": 1.5, "boolean": True, "string": "text"}
_DEEPEST: Final = 6


def resolved(schema: Mapping[str, Any], components: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the schema that stands behind references and wrappers."""
    while True:
        if "$ref" in schema:
            schema = components[schema["$ref"].rpartition("/")[2]]
        elif wrapped := schema.get("allOf") or schema.get("oneOf") or schema.get("anyOf"):
            schema = wrapped[0]
        else:
            return schema


def example_of(schema: Mapping[str, Any], components: Mapping[str, Any], depth: int = 0) -> Any:
    """Return a value that the schema allows, the schema's own example if it has one."""
    schema = resolved(schema, components)
    for key in ("example", "default"):
        if key in schema:
            return schema[key]
    if schema.get("enum"):
        return schema["enum"][0]
    kind = _kind(schema)
    if kind == "object":
        return _object(schema, components, depth)
    if kind == "array":
        return (
            [] if depth > _DEEPEST else [example_of(schema.get("items", {}), components, depth + 1)]
        )
    return _BY_FORMAT.get(schema.get("format", ""), _BY_TYPE.get(kind))


def _object(schema: Mapping[str, Any], components: Mapping[str, Any], depth: int) -> dict[str, Any]:
    if depth > _DEEPEST:
        return {}
    return {
        name: example_of(inner, components, depth + 1)
        for name, inner in schema.get("properties", {}).items()
    }


def _kind(schema: Mapping[str, Any]) -> str:
    kind = schema.get("type", "object" if "properties" in schema else "")
    if isinstance(kind, list):
        return next(str(word) for word in kind if word != "null")
    return str(kind)


def type_of(schema: Mapping[str, Any], components: Mapping[str, Any]) -> str:
    """Return in few words what the schema allows, for the reference page."""
    schema = resolved(schema, components)
    if schema.get("enum"):
        return " · ".join(str(word) for word in schema["enum"] if word not in {None, ""})
    kind = _kind(schema) or "any"
    if kind == "array":
        return f"list of {type_of(schema.get('items', {}), components)}"
    shape = schema.get("format") or kind
    limits = [
        f"{word} {schema[key]}"
        for key, word in (("maxLength", "at most"), ("minimum", "from"), ("maximum", "to"))
        if key in schema and abs(schema[key]) < 2**31
    ]
    return " ".join([shape, *limits])
