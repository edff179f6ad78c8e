"""What gates say to people: what was seen, what the rule is, what would satisfy it."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from releases.canonical import Json
from releases.gates.engine import CouldNotAnswer, NotYesOrNo
from releases.gates.gate import Gate, Item
from releases.gates.references import Reference, references_of

_REPORTS: Final = {
    "datasets": "report about data sets",
    "dvc": "dvc.lock",
    "evidently": "Evidently report",
    "fairness": "fairness report",
    "great_expectations": "Great Expectations result",
    "junit": "JUnit report",
    "metrics": "metrics report",
    "model_card": "model card",
    "sarif": "SARIF report",
}
_LONGEST_VALUE: Final = 80
_MISSING_KEY: Final = re.compile(r'Key not found in map : "(?P<key>.*)"')
_NO_OVERLOAD: Final = re.compile(r"No matching overloads found : (?P<name>\S+)\(")
_HOLDERS: Final = {
    "evidence": "The report",
    "item": "The item",
    "release": "The release",
    "card": "The model card",
}


def report_name(kind: str) -> str:
    """Return what people call evidence of that kind."""
    return _REPORTS.get(kind, f"{kind} report")


def missing(kind: str, item: Item) -> str:
    return f"No {report_name(kind)} for {item}."


def no_card(gate: Gate, item: Item) -> tuple[str, str]:
    """Return that there is no model card, and what would satisfy a gate that reads it."""
    if item.kind != "model":
        wanted = "Let the gate apply to models only (applies_to: kinds: [model])."
        return f"{item} is no model, so it has no model card.", gate.satisfied_by or wanted
    wanted = f"Write the model card of {item}, and let somebody else review it."
    return f"There is no model card of {item}.", gate.satisfied_by or wanted


def ran_out(kind: str, item: Item, at: datetime) -> str:
    return f"The {report_name(kind)} for {item} ran out on {_moment(at)}."


def too_old(kind: str, item: Item, at: datetime, hours: int) -> str:
    age = "1 hour" if hours == 1 else f"{hours} hours"
    return (
        f"The {report_name(kind)} for {item} is from {_moment(at)}, older than the {age} this gate"
        " accepts."
    )


def upload(kind: str, item: Item) -> str:
    return f"Upload a {report_name(kind)} for {item} as evidence of kind {kind}."


def what_would_satisfy(gate: Gate, item: Item) -> str:
    """Return the policy's own sentence, or one that names the rule."""
    if gate.satisfied_by:
        return gate.satisfied_by
    if gate.evidence:
        return (
            f"Upload a {report_name(gate.evidence)} for {item} for which {gate.expression} holds."
        )
    return f"Only an item for which {gate.expression} holds satisfies this gate."


def seen(expression: str, variables: Mapping[str, Json]) -> str:
    """Return `coverage is 71.2, the rule is evidence.coverage >= 80.0`."""
    values = [_value_seen(reference, variables) for reference in references_of(expression)]
    rule = f"the rule is {expression}"
    return f"{_listed(values)}, {rule}" if values else rule


def could_not_answer(error: CouldNotAnswer, expression: str, variables: Mapping[str, Json]) -> str:
    """Return a sentence for a rule that gave neither yes nor no."""
    references = references_of(expression)
    if isinstance(error, NotYesOrNo):
        return f"{_first(seen(expression, variables))}, which gives neither true nor false."
    if found := _MISSING_KEY.search(error.said):
        return _no_such_value(references, variables, found["key"])
    if _NO_OVERLOAD.search(error.said):
        values = _listed([_value_seen(one, variables) for one in references])
        return f"The rule {expression} does not fit what it reads: {values}."
    if "divi" in error.said and "zero" in error.said:
        return f"The rule divides by zero: {seen(expression, variables)}."
    if "Iteration budget" in error.said:
        return f"The rule takes too many steps for this report: {expression}."
    return f"The rule {expression} could not be evaluated: {error.said}."


def _no_such_value(references: Sequence[Reference], variables: Mapping[str, Json], key: str) -> str:
    for reference in references:
        try:
            reference.find(variables)
        except KeyError:
            holder = _HOLDERS.get(reference.root, "The environment")
            own_name = str(Reference("evidence", reference.steps))
            return f"{holder} has no value named {own_name}."
    return f"There is no value named {key}."


def _value_seen(reference: Reference, variables: Mapping[str, Json]) -> str:
    try:
        return f"{reference} is {_value(reference.find(variables))}"
    except KeyError:
        return f"{reference} is missing"


def _value(value: Json) -> str:
    match value:
        case Mapping():
            return f"a group of {len(value)}"
        case list() | tuple():
            return f"a list of {len(value)}"
        case _:
            text = json.dumps(value, ensure_ascii=False)
            return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"


def _listed(parts: Sequence[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def _first(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
