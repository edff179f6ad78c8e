"""Google's Model Card Toolkit: its JSON, schema v0.0.1 and v0.0.2."""

from collections.abc import Mapping
from typing import Any, Final

from releases.cards.found import NO_FIELD, Found, Reader, at
from releases.cards.licences import licence_of
from releases.parsers.errors import EvidenceRejected
from releases.parsers.reading import clip

PARTS: Final = frozenset(
    {"model_details", "model_parameters", "quantitative_analysis", "considerations"}
)
_VERSIONS: Final = frozenset({"", "0.0.1", "0.0.2"})
_POINTS: Final = {
    "use_cases": "intended_use", "users": "users", "limitations": "limitations",
    "tradeoffs": "tradeoffs",
}  # fmt: skip
_PERSON: Final = "Choose the owner in the card: a person with an account here."


def read_google(document: Mapping[str, Any]) -> Found:
    """Return the card.

    Raises:
        EvidenceRejected: another version of the schema.
    """
    said = str(document.get("schema_version") or "")
    if said not in _VERSIONS:
        raise EvidenceRejected(
            f"This is a model card of Google's toolkit, schema {clip(said, 20)}; 0.0.1 and 0.0.2 are read."
        )
    found = Found("google", f"Google model card {said}".strip())
    reader = Reader(document)
    reader.text("schema_version")
    _details(reader, found)
    _parameters(reader, found)
    _analysis(reader, found)
    _considerations(reader, found)
    for path in reader.left():
        found.leave(path, _PERSON if path.startswith("model_details.owners") else NO_FIELD)
    return found


def _details(reader: Reader, found: Found) -> None:
    reader.text("model_details", "name")
    texts = [reader.text("model_details", name) for name in ("overview", "documentation")]
    overview = "\n\n".join(filter(None, texts))
    found.take("overview", overview, "model_details.overview")
    licences = [
        reader.text("model_details", "licenses", index, name)
        for index in range(reader.count("model_details", "licenses"))
        for name in ("identifier", "custom_text")
    ]
    licence = " AND ".join(filter(None, map(licence_of, licences)))
    found.take("licence", licence, "model_details.licenses")
    path = ("model_details", "references")
    rows = [
        (at(*path, index), {"url": reader.text(*path, index, "reference"), "type": "other"})
        for index in range(reader.count(*path))
    ]
    found.take_rows("references", rows)


def _parameters(reader: Reader, found: Found) -> None:
    path = ("model_parameters",)
    name = "model_architecture"
    found.take("architecture", reader.text(*path, name), at(*path, name))
    for theirs, ours in (("input_format", "inputs"), ("output_format", "outputs")):
        formats: list[tuple[str, Any]] = []
        if text := reader.text(*path, theirs):
            formats.append((at(*path, theirs), text))
        pairs = (*path, f"{theirs}_map")
        for index in range(reader.count(*pairs)):
            key, value = reader.text(*pairs, index, "key"), reader.text(*pairs, index, "value")
            formats.append((at(*pairs, index), f"{key}: {value}"))
        found.take_rows(ours, formats)
    rows = []
    for index in range(reader.count(*path, "data")):
        one = (*path, "data", index)
        row = {name: reader.text(*one, name) for name in ("name", "description", "link")}
        sensitive = reader.texts(*one, "sensitive", "sensitive_data")
        row["sensitive"] = "; ".join(text for _, text in sensitive)
        rows.append((at(*one), row))
    found.take_rows("datasets", rows)


def _analysis(reader: Reader, found: Found) -> None:
    path = ("quantitative_analysis", "performance_metrics")
    interval = ("confidence_interval", "lower_bound", "upper_bound")
    found.take_metrics(reader, path, interval=interval)


def _considerations(reader: Reader, found: Found) -> None:
    for theirs, ours in _POINTS.items():
        path = ("considerations", theirs)
        points = [
            (at(*path, index), reader.text(*path, index, "description"))
            for index in range(reader.count(*path))
        ]
        found.take_rows(ours, list(points))
    path = ("considerations", "ethical_considerations")
    rows: list[tuple[str, Any]] = []
    for index in range(reader.count(*path)):
        one = (*path, index)
        row = {"name": reader.text(*one, "name")}
        row["mitigation"] = reader.text(*one, "mitigation_strategy")
        rows.append((at(*one), row))
    found.take_rows("ethics", rows)
