"""CycloneDX 1.5 to 1.7: the card of the one component that is a machine-learning model."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from releases.cards.fields import REFERENCE_KINDS
from releases.cards.found import Found, Reader, at
from releases.cards.licences import licence_of
from releases.cards.names import DIGEST, OF_THE_CARD, OUT_OF_SCOPE, OWNER, RISK_TIER
from releases.parsers.errors import EvidenceRejected
from releases.parsers.reading import clip

VERSIONS: Final = ("1.5", "1.6", "1.7")
_DEEPEST: Final = 8
_MODEL: Final = "machine-learning-model"
_TEXTS: Final = {
    "task": "task", "architectureFamily": "architecture_family", "modelArchitecture": "architecture",
}  # fmt: skip
_POINTS: Final = {
    "useCases": "intended_use", "users": "users", "technicalLimitations": "limitations",
    "performanceTradeoffs": "tradeoffs",
}  # fmt: skip
_OURS: Final = OF_THE_CARD | {OUT_OF_SCOPE, OWNER, RISK_TIER}
_PARTIES: Final = {"owners": "owner", "stewards": "steward", "custodians": "custodian"}


def read_cyclonedx(document: Mapping[str, Any], *, digest: str = "") -> Found:
    """Return the card; ``digest`` is that of the version it is for.

    Raises:
        EvidenceRejected: another version of the format, no model card in it, or several.
    """
    said = document.get("specVersion")
    if said not in VERSIONS:
        raise EvidenceRejected(
            f"This is CycloneDX {clip(str(said), 20)}; model cards are read from {', '.join(VERSIONS)}."
        )
    path, component = _the_model(document)
    found = Found("cyclonedx", f"CycloneDX {said}")
    reader = Reader(component)
    _component(reader, found, digest)
    _parameters(reader, found)
    _analysis(reader, found)
    _considerations(reader, found)
    _properties(reader, found)
    for where in reader.left():
        found.leave(f"{path}.{where}")
    return found


def _the_model(document: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    models = [
        (path, component)
        for path, component in _components(document)
        if component.get("type") == _MODEL and isinstance(component.get("modelCard"), Mapping)
    ]
    if not models:
        raise EvidenceRejected(
            f"This CycloneDX document has no component of type {_MODEL} with a modelCard."
        )
    if len(models) > 1:
        names = ", ".join(clip(str(component.get("name")), 60) for _, component in models[:5])
        raise EvidenceRejected(
            f"This CycloneDX document has {len(models)} model cards ({names}); send one with the card of "
            "this version only."
        )
    return models[0]


def _components(document: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    metadata = document.get("metadata")
    described = metadata.get("component") if isinstance(metadata, Mapping) else None
    waiting: list[tuple[str, Any, int]] = [("metadata.component", described, 0)]
    waiting += _children(document, "", 0)
    while waiting:
        path, component, depth = waiting.pop(0)
        if isinstance(component, Mapping) and depth < _DEEPEST:
            yield path, component
            waiting += _children(component, f"{path}.", depth + 1)


def _children(holder: Mapping[str, Any], prefix: str, depth: int) -> list[tuple[str, Any, int]]:
    listed = holder.get("components")
    listed = listed if isinstance(listed, list) else []
    return [
        (f"{prefix}components[{index}]", each, depth) for index, each in enumerate(listed[:10_000])
    ]


def _component(reader: Reader, found: Found, digest: str) -> None:
    for identity in ("type", "bom-ref", "name", "version", "group", "mime-type"):
        reader.text(identity)
    reader.text("modelCard", "bom-ref")
    found.take("overview", reader.text("description"), "description")
    hashes = reader.pop("hashes")
    if digest and _says_another(hashes, digest):
        found.leave("hashes", "They are of other content than this version's: check every field.")
    licences = [
        reader.text("licenses", index, *step)
        for index in range(reader.count("licenses"))
        for step in (("license", "id"), ("license", "name"), ("expression",))
    ]
    found.take("licence", " AND ".join(filter(None, map(licence_of, licences))), "licenses")
    rows = []
    for index in range(reader.count("externalReferences")):
        path = ("externalReferences", index)
        row = {name: reader.text(*path, name) for name in ("url", "type", "comment")}
        if row["type"] not in REFERENCE_KINDS:
            row["type"] = "other"
        rows.append((at(*path), row))
    found.take_rows("references", rows)


def _says_another(hashes: Any, digest: str) -> bool:
    said = [
        str(each.get("content", "")).lower()
        for each in (hashes if isinstance(hashes, list) else ())
        if isinstance(each, Mapping) and each.get("alg") == "SHA-256"
    ]
    return bool(said) and digest.removeprefix("sha256:") not in said


def _parameters(reader: Reader, found: Found) -> None:
    path = ("modelCard", "modelParameters")
    for theirs, ours in _TEXTS.items():
        found.take(ours, reader.text(*path, theirs), at(*path, theirs))
    found.take("approach", reader.text(*path, "approach", "type"), at(*path, "approach"))
    for name in ("inputs", "outputs"):
        count = reader.count(*path, name)
        rows = [
            (at(*path, name, index), reader.text(*path, name, index, "format"))
            for index in range(count)
        ]
        found.take_rows(name, rows)
    sets = [
        (at(*path, "datasets", index), _dataset(reader, (*path, "datasets", index)))
        for index in range(reader.count(*path, "datasets"))
    ]
    found.take_rows("datasets", [(where, row) for where, row in sets if row])


def _dataset(reader: Reader, path: tuple[str | int, ...]) -> dict[str, str]:
    """Return the row; one that only refers to a component elsewhere has no name, and stays behind."""
    if not reader.see(*path, "name"):
        return {}
    row = {name: reader.text(*path, name) for name in ("name", "description", "classification")}
    if reader.see(*path, "type") == "dataset":
        reader.text(*path, "type")
    reader.text(*path, "bom-ref")
    row["link"] = reader.text(*path, "contents", "url")
    row["sensitive"] = "; ".join(text for _, text in reader.texts(*path, "sensitiveData"))
    for theirs, ours in _PARTIES.items():
        row[ours] = reader.text(*path, "governance", theirs, 0, "organization", "name")
    for index in range(reader.count(*path, "contents", "properties")):
        where = (*path, "contents", "properties", index)
        if reader.see(*where, "name") == DIGEST:
            row["digest"] = reader.text(*where, "value")
            reader.pop(*where)
    return row


def _analysis(reader: Reader, found: Found) -> None:
    path = ("modelCard", "quantitativeAnalysis", "performanceMetrics")
    interval = ("confidenceInterval", "lowerBound", "upperBound")
    found.take_metrics(reader, path, interval=interval)


def _considerations(reader: Reader, found: Found) -> None:
    path = ("modelCard", "considerations")
    for theirs, ours in _POINTS.items():
        found.take_rows(ours, list(reader.texts(*path, theirs)))
    ethics = (*path, "ethicalConsiderations")
    rows: list[tuple[str, Any]] = []
    for index in range(reader.count(*ethics)):
        one = (*ethics, index)
        mitigation = reader.text(*one, "mitigationStrategy")
        rows.append((at(*one), {"name": reader.text(*one, "name"), "mitigation": mitigation}))
    found.take_rows("ethics", rows)
    fairness = (*path, "fairnessAssessments")
    rows = []
    for index in range(reader.count(*fairness)):
        one = (*fairness, index)
        row = {name: reader.text(*one, name) for name in ("benefits", "harms")}
        row["group"] = reader.text(*one, "groupAtRisk")
        row["mitigation"] = reader.text(*one, "mitigationStrategy")
        rows.append((at(*one), row))
    found.take_rows("fairness", rows)


def _properties(reader: Reader, found: Found) -> None:
    """Take what Gatehouse itself writes into properties; revision and review are facts of the other card."""
    path = ("modelCard", "properties")
    points: list[tuple[str, Any]] = []
    for index in range(reader.count(*path)):
        name, value = reader.see(*path, index, "name"), reader.see(*path, index, "value")
        if not isinstance(value, str) or name not in _OURS:
            continue
        reader.pop(*path, index)
        if name == OUT_OF_SCOPE:
            points.append((at(*path, index), value))
        elif name == OWNER:
            found.owner = value
        elif name == RISK_TIER:
            found.risk_tier = value
    found.take_rows("out_of_scope", points)
