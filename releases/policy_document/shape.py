"""The JSON Schema of the document, and its complaints as sentences."""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from releases.policy_document.problems import PolicyProblem, hint

_SCHEMA_FILE: Final = Path(__file__).parent.parent / "policy.schema.json"
_TYPES: Final = {
    "object": "an object",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "boolean": "true or false",
}
_LONGEST_QUOTE: Final = 60
_DECIMAL: Final = '"0.05"'
_OWN_CHANGE: Final = " That nobody approves their own change always holds; it is not configurable."


def shape_problems(document: object) -> list[PolicyProblem]:
    """Return what the JSON Schema has against `document`, in the order of the document."""
    errors = sorted(_validator().iter_errors(document), key=lambda error: error.json_path)
    return [problem for error in errors for problem in _problems(error)]


@cache
def policy_schema() -> Mapping[str, Any]:
    """Return the JSON Schema of `gatehouse.policy/v1`."""
    schema: Mapping[str, Any] = json.loads(_SCHEMA_FILE.read_text(encoding="utf-8"))
    return schema


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(policy_schema())


def _problems(error: ValidationError) -> Iterator[PolicyProblem]:
    if error.validator == "additionalProperties":
        yield from _unknown_names(error)
    elif error.validator == "oneOf" and isinstance(_instance(error), dict):
        yield _which_question(error)
    elif error.validator == "required":
        name = error.message.split("'")[1]
        yield PolicyProblem(f"{error.json_path}.{name}", f"{name} is missing.")
    else:
        # Every keyword that the schema uses has its sentence; a test holds that.
        yield PolicyProblem(error.json_path, _SENTENCES[str(error.validator)](error))


def _unknown_names(error: ValidationError) -> Iterator[PolicyProblem]:
    known = sorted(_schema_of(error)["properties"])
    where = str(error.path[-1]) if error.path else ""
    for name in sorted(set(_instance(error)) - set(known)):
        more = _OWN_CHANGE if where == "separation_of_duties" else ""
        shown = name[:_LONGEST_QUOTE]
        sentence = f"{shown} is not known here; {hint(name, known)}{more}"
        yield PolicyProblem(f"{error.json_path}.{shown}", sentence)


def _which_question(error: ValidationError) -> PolicyProblem:
    """Return what is wrong with a gate that asks nothing, or several things at once."""
    known = [option["required"][0] for option in _expected(error)]
    asked = [name for name in known if name in _instance(error)]
    if not asked:
        others = ", ".join(known[1:-1])
        sentence = f"{known[0]} is missing; a gate may also have {others} or {known[-1]}."
        return PolicyProblem(f"{error.json_path}.{known[0]}", sentence)
    return PolicyProblem(
        f"{error.json_path}.{asked[-1]}",
        f"A gate asks one thing, and this one has {' and '.join(asked)}: make two gates of it.",
    )


def _schema_of(error: ValidationError) -> Mapping[str, Any]:
    schema: Mapping[str, Any] = error.schema  # type: ignore[assignment]  # jsonschema says Any here
    return schema


def _instance(error: ValidationError) -> Any:
    return error.instance


def _expected(error: ValidationError) -> Any:
    return error.validator_value


def _quoted(error: ValidationError) -> str:
    text = json.dumps(_instance(error), ensure_ascii=False)
    return text if len(text) <= _LONGEST_QUOTE else f"{text[: _LONGEST_QUOTE - 1]}…"


def _type_rule(error: ValidationError) -> str:
    wanted = _expected(error)
    if isinstance(wanted, list):
        return f"{_quoted(error)} is no number; write a whole number, or text such as {_DECIMAL}."
    return f"{_quoted(error)} must be {_TYPES[wanted]}."


def _pattern_rule(error: ValidationError) -> str:
    if "0-9]{1,15}" in str(_expected(error)):
        below = "" if str(_expected(error)).startswith("^-") else ", not below zero"
        return f"{_quoted(error)} is no number: write it like {_DECIMAL}{below}."
    return (
        f"{_quoted(error)} is no name: lower-case letters, digits and hyphens, beginning and"
        " ending with a letter or a digit, at most 63."
    )


def _length(error: ValidationError) -> str:
    if error.validator == "minLength":
        return "This must not be empty."
    return f"This is longer than {_expected(error)} characters."


def _count(error: ValidationError) -> str:
    if error.validator == "minItems":
        return "This list must not be empty; leave it out where it does not matter."
    return f"This list has more than {_expected(error)} entries."


_SENTENCES: Final[Mapping[str, Callable[[ValidationError], str]]] = {
    "type": _type_rule,
    "const": lambda e: f"{_quoted(e)} must be {_expected(e)}.",
    "enum": lambda e: f"{_quoted(e)} is not one of {', '.join(_expected(e))}.",
    "minimum": lambda e: f"{_quoted(e)} is too small: at least {_expected(e)}.",
    "maximum": lambda e: f"{_quoted(e)} is too large: at most {_expected(e)}.",
    "oneOf": lambda e: f"{_quoted(e)} is no kind of evidence; null stands for none.",
    "uniqueItems": lambda _: "This list names something twice.",
    "pattern": _pattern_rule,
    "minLength": _length,
    "maxLength": _length,
    "minItems": _count,
    "maxItems": _count,
}
